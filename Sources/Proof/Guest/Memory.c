/* The functions that the compiler itself may call. Plain loops over aligned words: every step of the machine may have to be proved.
   Compiled with -ffreestanding, which keeps the compiler from turning these loops into calls of themselves. */

typedef unsigned long size;
typedef unsigned char byte;
typedef unsigned long word __attribute__((may_alias));

enum { word_bytes = sizeof(word) };

/* Whether both addresses have the same offset within a word, so that words can be moved between them. */
static int alike(const void *a, const void *b) { return (((size)a ^ (size)b) & (word_bytes - 1)) == 0; }

static int aligned(const void *address) { return ((size)address & (word_bytes - 1)) == 0; }

void *memset(void *target, int value, size count) {
    byte *to = target;
    for (; count > 0 && !aligned(to); count--) *to++ = (byte)value;
    word pattern = (word)(byte)value * 0x0101010101010101UL;
    for (; count >= word_bytes; count -= word_bytes, to += word_bytes) *(word *)to = pattern;
    for (; count > 0; count--) *to++ = (byte)value;
    return target;
}

void *memcpy(void *restrict target, const void *restrict source, size count) {
    byte *to = target;
    const byte *from = source;
    if (alike(to, from)) {
        for (; count > 0 && !aligned(to); count--) *to++ = *from++;
        for (; count >= word_bytes; count -= word_bytes, to += word_bytes, from += word_bytes) *(word *)to = *(const word *)from;
    }
    for (; count > 0; count--) *to++ = *from++;
    return target;
}

void *memmove(void *target, const void *source, size count) {
    if ((size)target - (size)source >= count) return memcpy(target, source, count);
    byte *to = (byte *)target + count;
    const byte *from = (const byte *)source + count;
    if (alike(to, from)) {
        for (; count > 0 && !aligned(to); count--) *--to = *--from;
        for (; count >= word_bytes; count -= word_bytes) {
            to -= word_bytes;
            from -= word_bytes;
            *(word *)to = *(const word *)from;
        }
    }
    for (; count > 0; count--) *--to = *--from;
    return target;
}

int memcmp(const void *first, const void *second, size count) {
    const byte *a = first, *b = second;
    for (; count > 0; count--, a++, b++)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}
