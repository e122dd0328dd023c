using System.Numerics;
using System.Numerics.Tensors;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>System.Numerics.Tensors: a query at a time against columns of keys; multiply-add for the exponents, Exp, Sum and Dot.</summary>
internal static class TensorPeer
{
    public static Action Prepare<T>(PairProblem problem, RowSums into) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int n = problem.Keys, d = problem.Dimension;
        T[][] columns =
            [.. Enumerable.Range(0, d).Select(c => Enumerable.Range(0, n).Select(j => T.CreateChecked(problem.K[j * d + c])).ToArray())];
        T[] factors = new T[n];
        T beta = T.CreateChecked(problem.Interaction.Beta);
        return () =>
        {
            for (int row = 0; row < n; row++)
            {
                Array.Fill(factors, -beta);
                for (int c = 0; c < d; c++) TensorPrimitives.MultiplyAdd(columns[c], beta * columns[c][row], factors, factors);
                TensorPrimitives.Exp<T>(factors, factors);
                into.Shift[row] = problem.Interaction.Beta;
                into.Z[row] = double.CreateChecked(TensorPrimitives.Sum<T>(factors)) / n;
                for (int c = 0; c < d; c++) into.Force[row * d + c] = double.CreateChecked(TensorPrimitives.Dot<T>(factors,
                    columns[c])) / n;
            }
        };
    }
}
