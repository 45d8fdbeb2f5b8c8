#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Names the calling thread for tools; at most 15 bytes are kept. */
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Lets every other thread go first, with the processor and with the disk, from here on: for the calling thread alone. Failing does no harm. */
static inline void linux_yield_to_all_others(void) {
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS: this thread */, 0, 3 << 13 /* IOPRIO_CLASS_IDLE */);
}

/* Asks for short turns on the processor, 100 us, for the calling thread: when it wakes it then takes the place of threads with longer ones at once,
   instead of waiting for the end of theirs, up to 3 ms (Linux 6.12; without effect before). It gets no more of the processor for that. */
static inline void linux_take_short_turns(void) {
    struct {
        unsigned int size, policy;
        unsigned long long flags;
        int nice;
        unsigned int priority;
        unsigned long long runtime, deadline, period;
    } attributes = {0};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    attributes.runtime = 100000;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* Has the calling thread run only while no other wants the processor, from here on. Failing does no harm. */
static inline void linux_run_when_idle(void) {
    struct sched_param parameters = {0};
    syscall(SYS_sched_setscheduler, 0 /* this thread */, 5 /* SCHED_IDLE */, &parameters);
}

/* How often another thread was given the processor while the calling one could have gone on. */
static inline unsigned long linux_displacement_count(void) {
    struct rusage usage;
    return getrusage(1 /* RUSAGE_THREAD */, &usage) == 0 ? (unsigned long)usage.ru_nivcsw : 0;
}

/* epoll_wait with a timeout in nanoseconds (Linux 5.11). */
static inline int linux_epoll_wait_nanoseconds(int queue, struct epoll_event *events, int count, long nanoseconds) {
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return (int)syscall(441 /* epoll_pwait2 */, queue, events, count, &timeout, (void *)0, (long)0);
}

/* A file that lives in memory and nowhere else; -1 on an error. Not handed on to child processes. */
static inline int linux_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */); }

/* Where the next bytes of a sparse file are at or after `offset`, and where they end; -1 if there are none. */
static inline long linux_next_data(int file, long offset) { return lseek(file, offset, 3 /* SEEK_DATA */); }
static inline long linux_next_hole(int file, long offset) { return lseek(file, offset, 4 /* SEEK_HOLE */); }

/* Has the kernel kill this process when the one that started it ends. */
static inline void linux_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

/* Wakes the calling thread from sleep to the nanosecond, as far as the kernel can, instead of within 50 us. */
static inline void linux_wake_precisely(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

/* Cores, a bit for each. */
typedef struct {
    unsigned long words[16];
} linux_cores;

/* The cores that the calling thread may run on. */
static inline linux_cores linux_allowed_cores(void) {
    linux_cores cores = {{0}};
    syscall(SYS_sched_getaffinity, 0, sizeof cores.words, cores.words);
    return cores;
}

static inline int linux_has_core(linux_cores cores, int core) {
    int bits = 8 * sizeof cores.words[0];
    return core >= 0 && core < (int)(8 * sizeof cores.words) && (cores.words[core / bits] >> (core % bits) & 1);
}

/* The same cores but for one. */
static inline linux_cores linux_without_core(linux_cores cores, int core) {
    int bits = 8 * sizeof cores.words[0];
    if (linux_has_core(cores, core)) cores.words[core / bits] &= ~(1UL << (core % bits));
    return cores;
}

/* Keeps the calling thread, and threads that it starts from now on, on these cores; -1 if none of them is there. */
static inline int linux_stay_on_cores(linux_cores cores) {
    return syscall(SYS_sched_setaffinity, 0, sizeof cores.words, cores.words) < 0 ? -1 : 0;
}

/* The same with one core. */
static inline int linux_stay_on_core(int core) {
    linux_cores cores = {{0}};
    int bits = 8 * sizeof cores.words[0];
    if (core < 0 || core >= (int)(8 * sizeof cores.words)) return -1;
    cores.words[core / bits] |= 1UL << (core % bits);
    return linux_stay_on_cores(cores);
}
