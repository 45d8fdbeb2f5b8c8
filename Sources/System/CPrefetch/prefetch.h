#ifndef MEMEX_PREFETCH_H
#define MEMEX_PREFETCH_H

/* Asks for the cache line at `address`, which is going to be read and written. Any address will do. In C because Swift has no such thing. */
static inline void memex_prefetch_line(const void *address) { __builtin_prefetch(address, 1, 3); }

#endif
