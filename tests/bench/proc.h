/* What the system says about time and processes. Threads: any. */
#ifndef PL_BENCH_PROC_H
#define PL_BENCH_PROC_H

#include "base/defs.h"

#include <sys/types.h>

/* The monotonic clock. */
int64_t pl_proc_now_ns(void);

/* CPU time that all threads of a process have used, its own and the kernel's for it; 0 when `pid`
 * is 0 or not there. The same as utime + stime of /proc/PID/stat, but in nanoseconds instead of
 * ticks. */
int64_t pl_proc_cpu_ns(pid_t pid);

/* Private_Dirty of /proc/PID/smaps_rollup: memory that the process wrote and shares with nobody.
 * 0 when `pid` is 0 or cannot be read. */
int64_t pl_proc_private_dirty_bytes(pid_t pid);

/* Raise the soft limit of open files to the hard one. Returns the limit. */
size_t pl_proc_raise_file_limit(void);

/* Sleep without being exact about it. */
void pl_proc_sleep_us(int64_t us);

#endif
