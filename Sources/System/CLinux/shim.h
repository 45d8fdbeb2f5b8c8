#include <sys/eventfd.h>
#include <sys/prctl.h>

/* Names the calling thread for tools; at most 15 bytes are kept. */
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
