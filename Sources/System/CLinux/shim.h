#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Names the calling thread for tools; at most 15 bytes are kept. */
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* poll with a timeout in nanoseconds. */
static inline int linux_poll_nanoseconds(struct pollfd *entries, unsigned long count, long nanoseconds) {
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return (int)syscall(SYS_ppoll, entries, count, &timeout, (void *)0, (long)0);
}

/* A file that lives in memory and nowhere else; -1 on an error. Not handed on to child processes. */
static inline int linux_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */); }

/* Where the next bytes of a sparse file are at or after `offset`, and where they end; -1 if there are none. */
static inline long linux_next_data(int file, long offset) { return lseek(file, offset, 3 /* SEEK_DATA */); }
static inline long linux_next_hole(int file, long offset) { return lseek(file, offset, 4 /* SEEK_HOLE */); }
