using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>The loop one would write first: a pair after the other, MathF.Exp or Math.Exp, no differences.</summary>
internal static class ScalarPeer
{
    public static Action Prepare<T>(PairProblem problem, RowSums into) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] positions = [.. problem.Q.Select(T.CreateChecked)];
        T[] force = new T[problem.Dimension];
        return () =>
        {
            for (int row = 0; row < problem.Rows; row++)
            {
                T z = Row(positions, problem.Dimension, row, T.CreateChecked(problem.Interaction.Beta), force);
                into.Shift[row] = problem.Interaction.Beta;
                into.Z[row] = double.CreateChecked(z) / problem.Keys;
                for (int c = 0; c < force.Length; c++) into.Force[row * force.Length + c] = double.CreateChecked(force[c]) / problem.Keys;
            }
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Row<T>(T[] x, int d, int row, T beta, T[] force) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> query = x.AsSpan(row * d, d);
        T z = T.Zero;
        Array.Clear(force);
        for (int at = 0; at < x.Length; at += d)
        {
            ReadOnlySpan<T> key = x.AsSpan(at, d);
            T dot = T.Zero;
            for (int c = 0; c < key.Length; c++) dot += query[c] * key[c];
            T a = T.Exp(beta * (dot - T.One));
            z += a;
            for (int c = 0; c < key.Length; c++) force[c] += a * key[c];
        }
        return z;
    }
}
