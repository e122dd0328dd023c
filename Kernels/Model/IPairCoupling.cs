namespace AttentionFlow.Kernels.Model;

/// <summary>
/// A coupling for one pair at a time, from the numbers that <see cref="Coupling.FillTables"/> prepared. With a pair factor w_j b_ij 2^y,
/// part of w_j b_ij may enter the exponent (<see cref="Bend"/>), the rest multiplies (<see cref="Finish"/>).
/// </summary>
internal interface IPairCoupling
{
    /// <summary>How many numbers of a key, beginning with row 0, a device should keep near: at most three.</summary>
    static abstract int NearRows { get; }

    /// <summary>The exponent y plus what of log2 b enters there.</summary>
    static abstract T Bend<T, R, N>(T y, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T>;

    /// <summary>The factor times that part of w_j b_ij that <see cref="Bend"/> did not cover.</summary>
    static abstract T Finish<T, R, N>(T factor, N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T>;

    /// <summary>All of w_j b_ij.</summary>
    static abstract T Factor<T, R, N>(N numbers) where T : unmanaged where R : struct, IReal<T> where N : struct, IPairNumbers<T>;
}

/// <summary>The numbers of <see cref="Coupling.FillTables"/> of one pair.</summary>
internal interface IPairNumbers<T> where T : unmanaged
{
    /// <summary>Numbers a key has.</summary>
    int KeyRows { get; }

    /// <summary>A number of the query.</summary>
    T Query(int row);

    /// <summary>A number of the key.</summary>
    T Key(int row);
}

/// <summary>Does something with the <see cref="IPairCoupling"/> of a coupling, as a type.</summary>
internal interface IPairCouplingUser<TResult>
{
    TResult With<C>() where C : struct, IPairCoupling;
}
