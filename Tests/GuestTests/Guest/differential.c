/* The guest's transitions under qemu-riscv64 (Linux user mode), driven by the differential test on the host (GuestProcess.swift).

   Standard input: groups of calls, and an empty one at the end (its end alone would not do: processes that another test starts meanwhile may
   hold the pipe open). A group is its length in bytes, u32, then its calls. A call is a 16-byte head and its body:
       u32 what (1 begin block, 2 consume, 3 execute, 4 apply batch, 5 disconnect) | u32 bytes of the body | u32 cells asked for | u32 0
       body: 1: u64 number, u64 time; 2: the inbox message; 3: u64 nonce, signer (20 bytes), payload;
             4: u64 number of verdicts, u64 bytes of the machine's input, the verdicts (struct verdict), the input;
             5: signer (20 bytes)
       then the indices of the cells asked for, u32 each
   Standard output, for each call: u32 reject or exit code, u32 number of events, the events, then the cells asked for, 64 bytes each.
   File descriptor 3: a file of 32 GiB that becomes the arena, so that the host sees every byte written, asked for or not.

   The host answers for signatures: in execute they do not occur, and apply batch comes with what it found about each. */

typedef unsigned long size;
typedef unsigned int u32;
typedef unsigned long u64;
typedef unsigned char byte;

void memex_open(void *exchange, void *arena, void *events, long event_capacity);
long memex_take_events(void *exchange);
void memex_begin_block(void *exchange, u64 number, u64 time_ms);
void memex_consume(void *exchange, const void *message);
unsigned short memex_execute(void *exchange, const void *signer, u64 nonce, const void *payload, long count);
unsigned short memex_disconnect(void *exchange, const void *signer);
int memex_apply_batch(void);
void *memset(void *to, int value, size count);
void *memcpy(void *to, const void *from, size count);
void *memmove(void *to, const void *from, size count);
int memcmp(const void *a, const void *b, size count);

enum { call_read = 63, call_write = 64, call_mmap = 222 };
enum { event_bytes = 64, cell_bytes = 64 };

/* Scratch as MachineMemory.swift leaves it free. */
static byte *const input = (byte *)0x21000000;
static const size input_bytes = 0x3000000;
static byte *const events = (byte *)0x24000000;
static const long event_capacity = 0x8000000 / event_bytes;
static byte *const output = (byte *)0x2C000000;
static const size output_bytes = 0x100000;
static byte *const batch_input = (byte *)0x40000000;
static const size batch_input_bytes = 0x1000000;
static byte *const arena = (byte *)0x800000000;
static const size arena_bytes = 1UL << 35;

/* What the host found about one signature. */
struct verdict {
    byte digest[32];
    byte signature[64];
    byte signer[20];
    u32 good;
};

static const struct verdict *verdicts;
static u64 verdict_count;
static size output_count;
static _Alignas(64) byte exchange[128];

static long linux_call(long number, long a, long b, long c, long d, long e, long f) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

static void stop_unless(int condition) {
    if (!condition) __builtin_trap();
}

/* Maps what the machine has there but a Linux process has not: the file as the arena, and room for the input. */
static void map_memory(int file) {
    enum { read_and_write = 3, shared = 0x01, private = 0x02, fixed = 0x10, anonymous = 0x20, no_reserve = 0x4000 };
    long mapped = linux_call(call_mmap, (long)arena, (long)arena_bytes, read_and_write, shared | fixed | no_reserve, file, 0);
    stop_unless(mapped == (long)arena);
    mapped = linux_call(call_mmap, (long)batch_input, (long)batch_input_bytes, read_and_write, private | fixed | anonymous, -1, 0);
    stop_unless(mapped == (long)batch_input);
}

/* In place of the machine's call (Machine.S): the guest must ask about each envelope in order, with the host's digest. */
long machine_signature_is_good(const void *digest, const void *signature, const void *signer) {
    stop_unless(verdict_count > 0);
    const struct verdict *verdict = verdicts++;
    verdict_count--;
    stop_unless(memcmp(digest, verdict->digest, sizeof verdict->digest) == 0);
    stop_unless(memcmp(signature, verdict->signature, sizeof verdict->signature) == 0);
    stop_unless(memcmp(signer, verdict->signer, sizeof verdict->signer) == 0);
    return verdict->good;
}

/* Runs the guest as the machine does, on the input and verdicts in `body`; they start at a multiple of 8. */
static u32 apply_batch(const byte *body) {
    u64 counts[2];
    memcpy(counts, body, sizeof counts);
    verdicts = (const struct verdict *)(body + sizeof counts);
    verdict_count = counts[0];
    stop_unless(counts[1] <= batch_input_bytes);
    memcpy(batch_input, verdicts + counts[0], counts[1]);
    u32 exit_code = (u32)memex_apply_batch();
    /* A batch that means nothing is found out before the first signature. */
    stop_unless(verdict_count == (exit_code == 0 ? 0 : counts[0]));
    return exit_code;
}

/* Fills `to`; 0 at the end of the input if nothing was read. */
static int read_all(void *to, size count) {
    for (size got = 0; got < count;) {
        long some = linux_call(call_read, 0, (long)to + (long)got, (long)(count - got), 0, 0, 0);
        if (some == 0 && got == 0) return 0;
        stop_unless(some > 0);
        got += (size)some;
    }
    return 1;
}

static void flush(void) {
    for (size sent = 0; sent < output_count;) {
        long some = linux_call(call_write, 1, (long)output + (long)sent, (long)(output_count - sent), 0, 0, 0);
        stop_unless(some > 0);
        sent += (size)some;
    }
    output_count = 0;
}

static void put(const void *bytes, size count) {
    for (const byte *from = bytes; count > 0;) {
        size room = output_bytes - output_count;
        size some = count < room ? count : room;
        memcpy(output + output_count, from, some);
        output_count += some;
        from += some;
        count -= some;
        if (output_count == output_bytes) flush();
    }
}

/* Runs one call and returns where the next one starts. */
static const byte *run(const byte *call) {
    u32 head[4];
    memcpy(head, call, sizeof head);
    const byte *body = call + sizeof head;
    const byte *cells = body + head[1];
    u64 words[2];
    memcpy(words, body, sizeof words);
    u32 answer[2] = {0, 0};
    switch (head[0]) {
    case 1: memex_begin_block(exchange, words[0], words[1]); break;
    case 2: memex_consume(exchange, body); break;
    case 3: answer[0] = memex_execute(exchange, body + 8, words[0], body + 28, (long)head[1] - 28); break;
    case 4: answer[0] = apply_batch(body); break;
    case 5: answer[0] = memex_disconnect(exchange, body); break;
    default: __builtin_trap();
    }
    long count = memex_take_events(exchange);
    stop_unless(count <= event_capacity);
    answer[1] = (u32)count;
    put(answer, sizeof answer);
    put(events, (size)count * event_bytes);
    for (u32 index = 0; index < head[2]; index++) {
        u32 cell;
        memcpy(&cell, cells + index * sizeof cell, sizeof cell);
        put(arena + (size)cell * cell_bytes, cell_bytes);
    }
    return cells + head[2] * sizeof(u32);
}

/* Memory.c against plain loops: every function at every alignment, for all small sizes, overlapping or not. */
static void check_memory(void) {
    enum { area = 96, largest = 40 };
    static byte before[area], expected[area], actual[area];
    for (u32 index = 0; index < area; index++) before[index] = (byte)(index * 37 + 11);
    for (u32 to = 0; to < 48; to++)
        for (u32 from = 0; from < 48; from++)
            for (u32 count = 0; count <= largest; count++) {
                for (u32 index = 0; index < area; index++) expected[index] = actual[index] = before[index];
                for (u32 index = 0; index < count; index++) expected[to + index] = before[from + index];
                stop_unless(memmove(actual + to, actual + from, count) == actual + to);
                for (u32 index = 0; index < area; index++) stop_unless(actual[index] == expected[index]);
                if (from >= to + count || to >= from + count) {
                    for (u32 index = 0; index < area; index++) actual[index] = before[index];
                    stop_unless(memcpy(actual + to, actual + from, count) == actual + to);
                    for (u32 index = 0; index < area; index++) stop_unless(actual[index] == expected[index]);
                }
                if (from != 0) continue;
                for (u32 index = 0; index < area; index++) expected[index] = index >= to && index < to + count ? 0xA5 : actual[index];
                stop_unless(memset(actual + to, 0x1A5, count) == actual + to);
                for (u32 index = 0; index < area; index++) stop_unless(actual[index] == expected[index]);
                stop_unless(memcmp(actual + to, expected + to, count) == 0);
                if (count == 0) continue;
                actual[to + count - 1] = 0xA6;
                stop_unless(memcmp(actual + to, expected + to, count) > 0 && memcmp(expected + to, actual + to, count) < 0);
            }
}

long differential_main(void) {
    check_memory();
    map_memory(3);
    memex_open(exchange, arena, events, event_capacity);
    u32 count;
    while (read_all(&count, sizeof count) && count > 0) {
        stop_unless(count <= input_bytes);
        stop_unless(read_all(input, count));
        for (const byte *call = input; call < input + count;) call = run(call);
        flush();
    }
    return 0;
}
