#ifndef MEMEX_MEASURE_H
#define MEMEX_MEASURE_H

#include <stdint.h>
#include <time.h>

/* What benchmarks need and Swift cannot say: a clock that costs a few nanoseconds, and a count of the calls of malloc. */

/* Ticks of a steady counter; ordered against the instructions around it. */
static inline uint64_t measure_ticks(void) {
#if defined(__x86_64__)
    __builtin_ia32_lfence();
    uint64_t ticks = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/* Allocations that the calling thread has made so far in a program that links this: every call of malloc, calloc, realloc, aligned_alloc,
   posix_memalign and memalign, whoever makes it. Wraps the functions of glibc; elsewhere always UINT64_MAX, which no caller can mistake. */
uint64_t measure_allocation_count(void);

#endif
