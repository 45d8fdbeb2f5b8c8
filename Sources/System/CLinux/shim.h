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
