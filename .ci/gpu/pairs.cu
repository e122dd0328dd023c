// Pair sums at d = 3 in single precision by hand: what a GPU gives. Differences and dot products, Q queries a thread, keys as float4 in shared memory.
// Prints lines "name precision d n seconds error", error of Z on four rows against a double sum on the host; first argument: the largest n.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>
#define CHECK(x) do { cudaError_t e = (x); if (e != cudaSuccess) { fprintf(stderr, "%s, line %d\n", cudaGetErrorString(e), __LINE__); exit(1); } } while (0)

constexpr int Threads = 128, Tile = 256;

__device__ __forceinline__ float ex2(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

// DOT: 2^{<q, k> - |k|^2/2}, the key's fourth number being -|k|^2/2 and its sums those of positions; else 2^{-|k - q|^2} and sums of differences.
template <int Q, bool DOT>
__global__ void __launch_bounds__(Threads) pairs(const float4* __restrict__ keys, float4* __restrict__ out, int n, int splitKeys) {
    __shared__ float4 tile[Tile];
    int first = blockIdx.x * Threads * Q + threadIdx.x;
    float4 q[Q], total[Q];
#pragma unroll
    for (int a = 0; a < Q; a++) {
        q[a] = keys[min(first + a * Threads, n - 1)];
        total[a] = make_float4(0, 0, 0, 0);
    }
    int from = blockIdx.y * splitKeys, to = min(n, from + splitKeys);
    for (int begin = from; begin < to; begin += Tile) {
        for (int i = threadIdx.x; i < Tile; i += Threads) tile[i] = begin + i < to ? keys[begin + i] : make_float4(1e18f, 0, 0, -1e30f);
        __syncthreads();
        float4 s[Q];
#pragma unroll
        for (int a = 0; a < Q; a++) s[a] = make_float4(0, 0, 0, 0);
#pragma unroll 8
        for (int j = 0; j < Tile; j++) {
            float4 k = tile[j];
#pragma unroll
            for (int a = 0; a < Q; a++) {
                float x = DOT ? k.x : k.x - q[a].x, y = DOT ? k.y : k.y - q[a].y, z = DOT ? k.z : k.z - q[a].z;
                float p = ex2(DOT ? fmaf(q[a].x, x, fmaf(q[a].y, y, fmaf(q[a].z, z, k.w))) : -(x * x + y * y + z * z));
                s[a].x = fmaf(p, x, s[a].x); s[a].y = fmaf(p, y, s[a].y); s[a].z = fmaf(p, z, s[a].z); s[a].w += p;
            }
        }
#pragma unroll
        for (int a = 0; a < Q; a++) { total[a].x += s[a].x; total[a].y += s[a].y; total[a].z += s[a].z; total[a].w += s[a].w; }
        __syncthreads();
    }
#pragma unroll
    for (int a = 0; a < Q; a++) if (first + a * Threads < n) out[(size_t)blockIdx.y * n + first + a * Threads] = total[a];
}

template <int Q, bool DOT>
void run(int n, int splits, const std::vector<float4>& x) {
    // Positions are scaled so that 2^{-|k - q|^2} is the weight; dot products take them times sqrt 2.
    std::vector<float4> host(x);
    if (DOT) for (float4& k : host) {
        k = make_float4(k.x * sqrtf(2), k.y * sqrtf(2), k.z * sqrtf(2), 0);
        k.w = -(k.x * k.x + k.y * k.y + k.z * k.z) / 2;
    }
    float4 *keys, *out;
    CHECK(cudaMalloc(&keys, n * sizeof(float4)));
    CHECK(cudaMalloc(&out, (size_t)splits * n * sizeof(float4)));
    CHECK(cudaMemcpy(keys, host.data(), n * sizeof(float4), cudaMemcpyHostToDevice));
    int splitKeys = (n / splits + Tile - 1) / Tile * Tile;
    dim3 grid((n + Threads * Q - 1) / (Threads * Q), splits);
    std::vector<float> times;
    cudaEvent_t a, b;
    CHECK(cudaEventCreate(&a));
    CHECK(cudaEventCreate(&b));
    for (int k = 0; k < 8; k++) {
        float ms;
        CHECK(cudaEventRecord(a));
        pairs<Q, DOT><<<grid, Threads>>>(keys, out, n, splitKeys);
        CHECK(cudaEventRecord(b));
        CHECK(cudaEventSynchronize(b));
        CHECK(cudaEventElapsedTime(&ms, a, b));
        if (k) times.push_back(ms);
    }
    std::sort(times.begin(), times.end());
    std::vector<float4> got((size_t)n * splits);
    CHECK(cudaMemcpy(got.data(), out, got.size() * sizeof(float4), cudaMemcpyDeviceToHost));
    double worst = 0;
    for (int i = 0; i < n; i += n / 4) {
        double z = 0, g = 0, square = (double)x[i].x * x[i].x + (double)x[i].y * x[i].y + (double)x[i].z * x[i].z;
        for (const float4& k : x) z += exp2(-(pow((double)k.x - x[i].x, 2) + pow((double)k.y - x[i].y, 2) + pow((double)k.z - x[i].z, 2)));
        for (int s = 0; s < splits; s++) g += got[(size_t)s * n + i].w;
        worst = std::max(worst, fabs(g * (DOT ? exp2(-square) : 1) / z - 1));
    }
    printf("cuda-%s-q%d single 3 %d %.4g %.1e\n", DOT ? "dot" : "difference", Q, n, times[times.size() / 2] / 1e3, worst);
    fflush(stdout);
    CHECK(cudaFree(keys));
    CHECK(cudaFree(out));
}

int main(int argc, char** argv) {
    for (int n : {131072, 1048576}) {
        if (argc > 1 && n > atoi(argv[1])) break;
        std::mt19937 random(1);
        std::normal_distribution<double> normal;
        std::vector<float4> x(n);
        for (float4& k : x) {
            double a = normal(random), b = normal(random), c = normal(random), r = sqrt(9 / (2 * log(2)) / (a * a + b * b + c * c));
            k = make_float4((float)(a * r), (float)(b * r), (float)(c * r), 0);
        }
        int splits = n == 131072 ? 8 : 2;
        run<4, false>(n, splits, x);
        run<8, false>(n, splits, x);
        run<4, true>(n, splits, x);
        run<8, true>(n, splits, x);
    }
}
