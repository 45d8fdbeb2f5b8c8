#include "keccak_wide.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* FIPS 202, section 3.2.5. */
static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

enum { LANES_MAX = 8, FETCH_AHEAD = 16 };

#include "keccak_avx512.inc"
#include "keccak_avx2.inc"

int memex_keccak_lanes(void) {
    if (__builtin_cpu_supports("avx512f")) return 8;
    return __builtin_cpu_supports("avx2") ? 4 : 0;
}

typedef void permutation(const void *const *inputs, void *const *outputs);

/* Fewer inputs than lanes: all lanes take about as long as one input hashed alone, so the others hash the first input once more. */
static void hash_few(permutation *hash, size_t lanes, const void *const *inputs, size_t count, void *const *outputs) {
    const void *padded_inputs[LANES_MAX];
    void *padded_outputs[LANES_MAX];
    unsigned char unused[32];
    for (size_t i = 0; i < lanes; i++) {
        padded_inputs[i] = inputs[i < count ? i : 0];
        padded_outputs[i] = i < count ? outputs[i] : unused;
    }
    hash(padded_inputs, padded_outputs);
}

void memex_keccak64_scattered(int lanes, const void *const *inputs, size_t count, void *const *outputs) {
    permutation *const hash = lanes == 8 ? hash_8_lanes : hash_4_lanes;
    const size_t width = (size_t)lanes;
    size_t next = 0;
    for (; next + width <= count; next += width) {
        for (size_t i = next + FETCH_AHEAD; i < next + FETCH_AHEAD + width && i < count; i++) {
            __builtin_prefetch(inputs[i], 0, 3);
            __builtin_prefetch(outputs[i], 1, 3);
        }
        hash(inputs + next, outputs + next);
    }
    if (next < count) hash_few(hash, width, inputs + next, count - next, outputs + next);
}

void memex_keccak64_many(int lanes, const void *inputs, size_t count, void *outputs) {
    permutation *const hash = lanes == 8 ? hash_8_lanes : hash_4_lanes;
    const unsigned char *in = inputs;
    unsigned char *out = outputs;
    const void *from[LANES_MAX];
    void *to[LANES_MAX];
    for (size_t done = 0; done < count; done += (size_t)lanes) {
        const size_t here = count - done < (size_t)lanes ? count - done : (size_t)lanes;
        for (size_t i = 0; i < here; i++) {
            from[i] = in + 64 * (done + i);
            to[i] = out + 32 * (done + i);
        }
        if (here == (size_t)lanes) hash(from, to);
        else hash_few(hash, (size_t)lanes, from, here, to);
    }
}

#else

int memex_keccak_lanes(void) { return 0; }

void memex_keccak64_many(int lanes, const void *inputs, size_t count, void *outputs) {
    (void)lanes;
    (void)inputs;
    (void)count;
    (void)outputs;
    __builtin_trap();
}

void memex_keccak64_scattered(int lanes, const void *const *inputs, size_t count, void *const *outputs) {
    (void)lanes;
    (void)inputs;
    (void)count;
    (void)outputs;
    __builtin_trap();
}

#endif
