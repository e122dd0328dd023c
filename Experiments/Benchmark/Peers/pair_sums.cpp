// Z_i = 1/n sum_j e^{beta (<x_i, x_j> - 1)}, F_i = 1/n sum_j e^{beta (<x_i, x_j> - 1)} x_j, as plain loops for the compiler to vectorise.
// pair_sums FILE N D BETA WARM-UP REPEATS ROW...: positions (n x d doubles) from FILE; for each precision a line: its name, the median of the seconds
// a full evaluation takes, and Z and F of the rows.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <algorithm>
#include <chrono>
#include <vector>

static float exponential(float x) { return expf(x); }
static double exponential(double x) { return exp(x); }

// Few coordinates: all of a pair at once. Keys lie in columns, x[c * n + j].
template <class T, int D> void few(const T* __restrict x, int n, int, T beta, T* __restrict, T* __restrict z, T* __restrict force)
{
    for (int i = 0; i < n; i++) {
        T query[D], sum[D] = {}, total = 0;
        for (int c = 0; c < D; c++) query[c] = beta * x[(size_t)c * n + i];
        for (int j = 0; j < n; j++) {
            T y = -beta;
            for (int c = 0; c < D; c++) y += query[c] * x[(size_t)c * n + j];
            T a = exponential(y);
            total += a;
            for (int c = 0; c < D; c++) sum[c] += a * x[(size_t)c * n + j];
        }
        z[i] = total / n;
        for (int c = 0; c < D; c++) force[(size_t)i * D + c] = sum[c] / n;
    }
}

// Many: a row of exponents, a row of exponentials, a dot product for each coordinate.
template <class T> void many(const T* __restrict x, int n, int d, T beta, T* __restrict a, T* __restrict z, T* __restrict force)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) a[j] = -beta;
        for (int c = 0; c < d; c++) {
            T query = beta * x[(size_t)c * n + i];
            for (int j = 0; j < n; j++) a[j] += query * x[(size_t)c * n + j];
        }
        T total = 0;
        for (int j = 0; j < n; j++) total += a[j] = exponential(a[j]);
        z[i] = total / n;
        for (int c = 0; c < d; c++) {
            T sum = 0;
            for (int j = 0; j < n; j++) sum += a[j] * x[(size_t)c * n + j];
            force[(size_t)i * d + c] = sum / n;
        }
    }
}

template <class T> void measure(const char* name, const std::vector<double>& positions, int n, int d, double beta, double warm_up, double repeats, int rows, char** row)
{
    std::vector<T> x(positions.size()), a(n), z(n), force(positions.size());
    for (int j = 0; j < n; j++)
        for (int c = 0; c < d; c++) x[(size_t)c * n + j] = (T)positions[(size_t)j * d + c];
    auto sums = d == 2 ? few<T, 2> : d == 3 ? few<T, 3> : d == 8 ? few<T, 8> : many<T>;
    std::vector<double> seconds;
    auto repeat = [&](double budget) {
        seconds.clear();
        for (double total = 0; seconds.empty() || total < budget; total += seconds.back()) {
            auto start = std::chrono::steady_clock::now();
            sums(x.data(), n, d, (T)beta, a.data(), z.data(), force.data());
            seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
    };
    repeat(warm_up);
    if (seconds[0] < warm_up + repeats) repeat(repeats);
    std::sort(seconds.begin(), seconds.end());
    printf("%s %.17g", name, seconds[seconds.size() / 2]);
    for (int k = 0; k < rows; k++) {
        size_t i = (size_t)atol(row[k]);
        printf(" %.17g", (double)z[i]);
        for (int c = 0; c < d; c++) printf(" %.17g", (double)force[i * d + c]);
    }
    printf("\n");
}

int main(int count, char** arguments)
{
    if (count < 7) return 2;
    int n = atoi(arguments[2]), d = atoi(arguments[3]);
    double beta = atof(arguments[4]), warm_up = atof(arguments[5]), repeats = atof(arguments[6]);
    std::vector<double> positions((size_t)n * d);
    FILE* file = fopen(arguments[1], "rb");
    if (!file || fread(positions.data(), sizeof(double), positions.size(), file) != positions.size()) {
        fprintf(stderr, "the positions cannot be read\n");
        return 1;
    }
    fclose(file);
    measure<float>("single", positions, n, d, beta, warm_up, repeats, count - 7, arguments + 7);
    measure<double>("double", positions, n, d, beta, warm_up, repeats, count - 7, arguments + 7);
    return 0;
}
