using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>Sums of rows in double precision, each number one operation: the same bits for every vector width.</summary>
internal static unsafe class Doubles
{
    /// <summary>into += from.</summary>
    public static void Add<T>(double* into, T* from, int count) where T : unmanaged
    {
        if (typeof(T) == typeof(double)) Add(into, (double*)from, count);
        else Add(into, (float*)from, count);
    }

    /// <summary>into += factor (a - b).</summary>
    public static void AddDifference(double* into, double factor, double* a, double* b, int count)
    {
        int i = 0;
        Vector256<double> factors = Vector256.Create(factor);
        for (; i + 4 <= count; i += 4)
            Vector256.Store(Vector256.Load(into + i) + factors * (Vector256.Load(a + i) - Vector256.Load(b + i)), into + i);
        for (; i < count; i++) into[i] += factor * (a[i] - b[i]);
    }

    /// <summary>x *= factor.</summary>
    public static void Multiply(double* x, double factor, int count)
    {
        int i = 0;
        Vector256<double> factors = Vector256.Create(factor);
        for (; i + 4 <= count; i += 4) (Vector256.Load(x + i) * factors).Store(x + i);
        for (; i < count; i++) x[i] *= factor;
    }

    /// <summary>into = factor (x - centre), rounded; the sum of its squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Relative<T>(double* x, double* centre, double factor, T* into, int count) where T : unmanaged
    {
        int i = 0;
        Vector256<double> factors = Vector256.Create(factor), squares = Vector256<double>.Zero, more = squares;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<double> a = (Vector256.Load(x + i) - Vector256.Load(centre + i)) * factors;
            Vector256<double> b = (Vector256.Load(x + i + 4) - Vector256.Load(centre + i + 4)) * factors;
            if (typeof(T) == typeof(float))
            {
                Vector256<float> rounded = Vector256.Narrow(a, b);
                rounded.Store((float*)into + i);
                (a, b) = Vector256.Widen(rounded);
            }
            else
            {
                a.Store((double*)into + i);
                b.Store((double*)into + i + 4);
            }
            squares += a * a;
            more += b * b;
        }
        squares += more;
        double squared = squares[0] + squares[1] + (squares[2] + squares[3]);
        for (; i < count; i++)
        {
            double value = (x[i] - centre[i]) * factor;
            if (typeof(T) == typeof(float)) value = ((float*)into)[i] = (float)value;
            else ((double*)into)[i] = value;
            squared += value * value;
        }
        return squared;
    }

    /// <summary>|a - b|^2.</summary>
    public static double SquaredDistance(double* a, double* b, int count)
    {
        int i = 0;
        Vector256<double> sums = Vector256<double>.Zero;
        for (; i + 4 <= count; i += 4)
        {
            Vector256<double> difference = Vector256.Load(a + i) - Vector256.Load(b + i);
            sums += difference * difference;
        }
        double squared = sums[0] + sums[1] + (sums[2] + sums[3]);
        for (; i < count; i++) squared += (a[i] - b[i]) * (a[i] - b[i]);
        return squared;
    }

    /// <summary>|a - b|^2 &lt;= squared; looks at no more coordinates than it needs.</summary>
    public static bool AreWithin(double* a, double* b, int count, double squared)
    {
        const int some = 16;
        double sum = 0;
        for (int i = 0; i < count && sum <= squared; i += some) sum += SquaredDistance(a + i, b + i, Math.Min(some, count - i));
        return sum <= squared;
    }

    /// <summary>The sum of the numbers of a unit, by halves: lane l takes lane l + unit/2, and so on.</summary>
    public static double Fold<T>(T* lanes) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            Vector256<float> eight = Vector256.Load((float*)lanes) + Vector256.Load((float*)lanes + 8);
            Vector128<float> four = eight.GetLower() + eight.GetUpper();
            return four[0] + four[2] + (four[1] + four[3]);
        }
        Vector256<double> half = Vector256.Load((double*)lanes) + Vector256.Load((double*)lanes + 4);
        return half[0] + half[2] + (half[1] + half[3]);
    }

    private static void Add(double* into, double* from, int count)
    {
        int i = 0;
        if (Avx512F.IsSupported)
            for (; i + 8 <= count; i += 8)
                Avx512F.Store(into + i, Avx512F.Add(Avx512F.LoadVector512(into + i), Avx512F.LoadVector512(from + i)));
        for (; i + 4 <= count; i += 4) (Vector256.Load(into + i) + Vector256.Load(from + i)).Store(into + i);
        for (; i < count; i++) into[i] += from[i];
    }

    private static void Add(double* into, float* from, int count)
    {
        int i = 0;
        if (Avx512F.IsSupported)
            for (; i + 8 <= count; i += 8)
                Avx512F.Store(into + i,
                    Avx512F.Add(Avx512F.LoadVector512(into + i), Avx512F.ConvertToVector512Double(Vector256.Load(from + i))));
        for (; i + 8 <= count; i += 8)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(from + i));
            (Vector256.Load(into + i) + a).Store(into + i);
            (Vector256.Load(into + i + 4) + b).Store(into + i + 4);
        }
        for (; i < count; i++) into[i] += from[i];
    }
}
