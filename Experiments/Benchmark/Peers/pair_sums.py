"""F_i / Z_i by torch's scaled_dot_product_attention on one thread.

pair_sums FILE N D BETA WARM-UP REPEATS ROW...: positions (n x d doubles) from FILE; for each precision a line: its name, the median of the seconds a full
evaluation takes, and for the rows nan (Z stays inside) and F/Z.
"""
import array
import statistics
import sys
import time

import torch

path, (n, d), (beta, warm_up, repeats) = sys.argv[1], map(int, sys.argv[2:4]), map(float, sys.argv[4:7])
rows = [int(row) for row in sys.argv[7:]]
numbers = array.array("d")
with open(path, "rb") as file:
    numbers.frombytes(file.read())
torch.set_num_threads(1)


def repeat(call, budget):
    seconds = []
    while not seconds or sum(seconds) < budget:
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return result, seconds


with torch.inference_mode():
    for name, kind in (("single", torch.float32), ("double", torch.float64)):
        x = torch.tensor(numbers.tolist(), dtype=torch.float64).reshape(1, 1, n, d).to(kind)
        call = lambda: torch.nn.functional.scaled_dot_product_attention(x, x, x, scale=beta)
        result, seconds = repeat(call, warm_up)
        if seconds[0] < warm_up + repeats:
            result, seconds = repeat(call, repeats)
        values = [value for row in rows for value in (float("nan"), *result[0, 0, row].tolist())]
        print(name, repr(statistics.median(seconds)), *map(repr, values))
