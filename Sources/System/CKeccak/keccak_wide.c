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

/* Last bit of the padding: lane 16. The first is bit 0 of lane 8, after the 64 bytes of input. */
#define PADDING_END 0x8000000000000000

enum { WIDTH_MAX = 9, FETCH_AHEAD = 18 };

/* In both: the first and the last round stand outside the loop, as of the first the compiler drops what works on zeros, of the last what no
   hash needs. Unrolled further they are slower. */

#include "keccak_avx512.inc"
#include "keccak_avx2.inc"

int memex_keccak_lanes(void) {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return 8;
    return __builtin_cpu_supports("avx2") ? 4 : 0;
}

/* Hashes as many inputs as `width` says. */
struct kernel {
    size_t width;
    void (*hash)(const void *const *inputs, void *const *outputs);
};

static struct kernel kernel_of(int lanes) {
    return lanes == 8 ? (struct kernel){9, hash_9} : (struct kernel){4, hash_4};
}

/* Fewer inputs than the width: it takes as long as a full one, so the first input is hashed again for each that is missing. */
static void hash_few(struct kernel kernel, const void *const *inputs, size_t count, void *const *outputs) {
    const void *padded_inputs[WIDTH_MAX];
    void *padded_outputs[WIDTH_MAX];
    unsigned char unused[32];
    for (size_t i = 0; i < kernel.width; i++) {
        padded_inputs[i] = inputs[i < count ? i : 0];
        padded_outputs[i] = i < count ? outputs[i] : unused;
    }
    kernel.hash(padded_inputs, padded_outputs);
}

void memex_keccak64_scattered(int lanes, const void *const *inputs, size_t count, void *const *outputs) {
    const struct kernel kernel = kernel_of(lanes);
    size_t next = 0;
    for (; next + kernel.width <= count; next += kernel.width) {
        for (size_t i = next + FETCH_AHEAD; i < next + FETCH_AHEAD + kernel.width && i < count; i++) {
            __builtin_prefetch(inputs[i], 0, 3);
            __builtin_prefetch(outputs[i], 1, 3);
        }
        kernel.hash(inputs + next, outputs + next);
    }
    if (next < count) hash_few(kernel, inputs + next, count - next, outputs + next);
}

void memex_keccak64_many(int lanes, const void *inputs, size_t count, void *outputs) {
    const struct kernel kernel = kernel_of(lanes);
    const unsigned char *in = inputs;
    unsigned char *out = outputs;
    const void *from[WIDTH_MAX];
    void *to[WIDTH_MAX];
    for (size_t done = 0; done < count; done += kernel.width) {
        const size_t here = count - done < kernel.width ? count - done : kernel.width;
        for (size_t i = 0; i < here; i++) {
            from[i] = in + 64 * (done + i);
            to[i] = out + 32 * (done + i);
        }
        if (here == kernel.width) kernel.hash(from, to);
        else hash_few(kernel, from, here, to);
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
