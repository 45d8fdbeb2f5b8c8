#ifndef MEMEX_KECCAK_WIDE_H
#define MEMEX_KECCAK_WIDE_H

#include <stddef.h>

/* keccak-256 of many inputs of 64 bytes at a time, one input a lane of the vector unit.
   In C because Swift has no functions compiled for another instruction set than the rest of the program. */

/* Lanes that this processor has: 8 (AVX-512F), 4 (AVX2), or 0. */
int memex_keccak_lanes(void);

/* Hashes `count` inputs that lie one after another into `count` outputs of 32 bytes. `outputs` may be `inputs`.
   `lanes` is 4 or 8, at most memex_keccak_lanes(). Neither pointer need be aligned. */
void memex_keccak64_many(int lanes, const void *inputs, size_t count, void *outputs);

/* As above for inputs and outputs that lie anywhere: input i at inputs[i], its hash to outputs[i]. No output may overlap an input of
   another index. Fetches ahead, so that memory which is in no cache costs little: list it in ascending order if there is a choice. */
void memex_keccak64_scattered(int lanes, const void *const *inputs, size_t count, void *const *outputs);

/* Asks for the cache line at `address`, which is going to be written. Any address will do. */
static inline void memex_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

#endif
