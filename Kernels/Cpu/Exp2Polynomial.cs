namespace AttentionFlow.Kernels.Cpu;

/// <summary>Coefficients of Q in 2^f - 1 = f Q(f) on [-1/2, 1/2], of least relative error: degree 5 for single, 10 for double precision.</summary>
internal static class Exp2Polynomial
{
    public const double
        Single0 = 0.6931472149680279, Single1 = 0.24022652782887738, Single2 = 5.550310551013797e-2,
        Single3 = 9.617692972993062e-3, Single4 = 1.3406643902351759e-3, Single5 = 1.5594678161326619e-4;

    public const double
        Double0 = 0.6931471805599457, Double1 = 0.24022650695910097, Double2 = 5.550410866479039e-2,
        Double3 = 9.618129107607003e-3, Double4 = 1.3333558153439966e-3, Double5 = 1.540353044157213e-4,
        Double6 = 1.5252727385193868e-5, Double7 = 1.3215442675329823e-6, Double8 = 1.0180647659234139e-7,
        Double9 = 7.072570412814423e-9, Double10 = 4.078071929588337e-10;
}
