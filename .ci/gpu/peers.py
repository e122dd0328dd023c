"""The same sums by PyTorch and Triton on a GPU: F_i / Z_i of a uniform cloud, beta = 9, arithmetic of single precision and below.

peers.py D,D... N SECONDS: prints lines "name precision d n seconds error" (median of the device's time; error of F/Z on eight rows against
a double sum), and a line with '#' for what there is not. Starts nothing new after SECONDS.
"""
import math
import statistics
import sys
import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

START, BETA, DEVICE = time.time(), 9.0, "cuda" if torch.cuda.is_available() else "cpu"
dimensions, n, limit = [int(d) for d in sys.argv[1].split(",")], int(sys.argv[2]), float(sys.argv[3])
torch.backends.cuda.matmul.allow_tf32 = False

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None
    print("# Triton: not here")

if triton is not None:
    BLOCKS = ((128, 32, 4), (64, 64, 4), (256, 16, 4), (128, 16, 4))

    # X [D, n], scaled so that 2^{-|k - q|^2} is the weight.
    @triton.autotune(configs=[triton.Config({"BM": m, "BN": k}, num_warps=w) for m, k, w in BLOCKS], key=["D"])
    @triton.jit
    def differences(X, Z, F, n, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
        row = tl.program_id(0) * BM + tl.arange(0, BM)
        inside = row < n
        q0 = tl.load(X + row, mask=inside, other=0.0)
        q1 = tl.load(X + n + row, mask=inside, other=0.0)
        if D == 3:
            q2 = tl.load(X + 2 * n + row, mask=inside, other=0.0)
        z = tl.zeros((BM, BN), tl.float32)
        f0 = z
        f1 = z
        f2 = z
        for first in range(0, n, BN):
            key = X + first + tl.arange(0, BN)
            d0 = tl.load(key)[None, :] - q0[:, None]
            d1 = tl.load(key + n)[None, :] - q1[:, None]
            y = d0 * d0 + d1 * d1
            if D == 3:
                d2 = tl.load(key + 2 * n)[None, :] - q2[:, None]
                y += d2 * d2
            p = tl.math.exp2(-y)
            z += p
            f0 += p * d0
            f1 += p * d1
            if D == 3:
                f2 += p * d2
        tl.store(Z + row, tl.sum(z, 1), mask=inside)
        tl.store(F + row, tl.sum(f0, 1), mask=inside)
        tl.store(F + n + row, tl.sum(f1, 1), mask=inside)
        if D == 3:
            tl.store(F + 2 * n + row, tl.sum(f2, 1), mask=inside)

    # X [n, D], D a power of two of at least 16.
    TILES = ((64, 64, 4), (128, 32, 4), (64, 32, 4), (128, 64, 8))

    @triton.autotune(configs=[triton.Config({"BM": m, "BN": k}, num_warps=w, num_stages=2) for m, k, w in TILES], key=["D"])
    @triton.jit
    def products(X, O, n, scale, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
        row = tl.program_id(0) * BM + tl.arange(0, BM)
        column = tl.arange(0, D)
        q = tl.load(X + row[:, None] * D + column[None, :], mask=row[:, None] < n, other=0.0) * scale
        z = tl.zeros((BM,), tl.float32)
        f = tl.zeros((BM, D), tl.float32)
        for first in range(0, n, BN):
            key = first + tl.arange(0, BN)
            k = tl.load(X + key[:, None] * D + column[None, :])
            p = tl.math.exp2(tl.dot(q, tl.trans(k), input_precision="ieee") - scale)
            z += tl.sum(p, 1)
            f = tl.dot(p, k, f, input_precision="ieee")
        tl.store(O + row[:, None] * D + column[None, :], f / z[:, None], mask=row[:, None] < n)


def measure(call):
    """The result and the median of the device's seconds."""
    result, seconds = call(), []
    while not seconds or len(seconds) < 9 and sum(seconds) < 0.5:
        if DEVICE == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            result = call()
            end.record()
            torch.cuda.synchronize()
            seconds.append(begin.elapsed_time(end) / 1e3)
        else:
            begin = time.perf_counter()
            result = call()
            seconds.append(time.perf_counter() - begin)
    return result, statistics.median(seconds)


def report(name, precision, x, call):
    if time.time() - START > limit:
        print(f"# {name}, d = {x.shape[1]}: left out, no time", flush=True)
        return
    try:
        result, seconds = measure(call)
        rows = torch.arange(0, n, max(1, n // 8), device=DEVICE)[:8]
        error = (result[rows][:, :x.shape[1]].double() - torch.softmax(BETA * (x[rows] @ x.T), -1) @ x).norm(dim=1).max().item()
        print(name, precision, x.shape[1], n, f"{seconds:.4g} {error:.1e}", flush=True)
    except Exception as problem:
        print(f"# {name}, d = {x.shape[1]}: {type(problem).__name__}: {str(problem).strip().splitlines()[0][:150]}", flush=True)


def attention(backend, x):
    def call():
        with sdpa_kernel(backend):
            return torch.nn.functional.scaled_dot_product_attention(x, x, x, scale=BETA)[0, 0]
    return call


def dense(x):
    block = max(1, 1 << 30 >> n.bit_length())
    return torch.cat([torch.softmax(BETA * (x[a:a + block] @ x.T), -1) @ x for a in range(0, n, block)])


def with_triton(x):
    d = x.shape[1]
    if d <= 3:
        scale = math.sqrt(BETA / (2 * math.log(2)))
        columns = (x.T * scale).float().contiguous()

        def call():
            z, f = torch.empty(n, device=DEVICE), torch.empty(d, n, device=DEVICE)
            differences[lambda meta: (triton.cdiv(n, meta["BM"]),)](columns, z, f, n, D=d)
            return (f / z).T / scale + x.float()
        report("triton-difference", "single", x, call)
    if d <= 64:
        padded = torch.nn.functional.pad(x.float(), (0, max(16, 1 << (d - 1).bit_length()) - d)).contiguous()

        def call():
            out = torch.empty_like(padded)
            products[lambda meta: (triton.cdiv(n, meta["BM"]),)](padded, out, n, BETA / math.log(2), D=padded.shape[1])
            return out
        report("triton-dot", "single", x, call)


with torch.inference_mode():
    print("# torch", torch.__version__, "triton", triton and triton.__version__, torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu", flush=True)
    for d in dimensions:
        x = torch.nn.functional.normalize(torch.randn(n, d, dtype=torch.float64, device=DEVICE, generator=torch.Generator(DEVICE).manual_seed(1)))
        padded = torch.nn.functional.pad(x, (0, -d % 8)).float()[None, None]
        report("sdpa-efficient" if DEVICE == "cuda" else "sdpa", "single", x,
               attention([SDPBackend.EFFICIENT_ATTENTION if DEVICE == "cuda" else SDPBackend.FLASH_ATTENTION], padded))
        single = x.float().contiguous()
        report("dense", "single", x, lambda: dense(single))
        if DEVICE != "cuda":
            continue
        if triton is not None:
            with_triton(x)
        if d <= 256:
            report("sdpa-flash", "fp16", x, attention([SDPBackend.FLASH_ATTENTION], padded.half()))
            report("sdpa-cudnn", "bf16", x, attention([SDPBackend.CUDNN_ATTENTION], padded.bfloat16()))
