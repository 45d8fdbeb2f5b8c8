#include "keccak_wide.h"

#if defined(__x86_64__)

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

#define LANES 8
#define FUNCTION keccak64_lanes8
#define TARGET __attribute__((target("avx512f")))
#include "keccak_lanes.inc"
#undef LANES
#undef FUNCTION
#undef TARGET

#define LANES 4
#define FUNCTION keccak64_lanes4
#define TARGET __attribute__((target("avx2")))
#include "keccak_lanes.inc"
#undef LANES
#undef FUNCTION
#undef TARGET

int memex_keccak_lanes(void) {
    if (__builtin_cpu_supports("avx512f")) return 8;
    return __builtin_cpu_supports("avx2") ? 4 : 0;
}

void memex_keccak64_many(int lanes, const void *inputs, size_t count, void *outputs) {
    const unsigned char *in = inputs;
    unsigned char *out = outputs;
    size_t width = (size_t)lanes;
    void (*hash)(const unsigned char *, unsigned char *) = lanes == 8 ? keccak64_lanes8 : keccak64_lanes4;
    while (count >= width) {
        hash(in, out);
        in += 64 * width;
        out += 32 * width;
        count -= width;
    }
    if (count > 0) {
        /* All lanes take about as long as one input hashed alone. */
        unsigned char padded[64 * 8] = {0};
        unsigned char hashes[32 * 8];
        memcpy(padded, in, 64 * count);
        hash(padded, hashes);
        memcpy(out, hashes, 32 * count);
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

#endif
