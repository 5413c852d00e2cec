/* Clocks, /proc and limits. */
#include "proc.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t pl_proc_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t pl_proc_cpu_ns(pid_t pid)
{
    clockid_t clock;
    if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0) {
        return 0;
    }
    return clock_ns(clock);
}

int64_t pl_proc_private_dirty_bytes(pid_t pid)
{
    char path[64];
    char line[256];
    long long kib = 0;
    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = pid == 0 ? NULL : fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Private_Dirty: %lld kB", &kib) == 1) {
            break;
        }
    }
    fclose(file);
    return (int64_t)kib * 1024;
}

size_t pl_proc_raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            limit = raised;
        }
    }
    return limit.rlim_cur == RLIM_INFINITY ? 1048576 : (size_t)limit.rlim_cur;
}

void pl_proc_sleep_us(int64_t us)
{
    struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = (us % 1000000) * 1000};
    (void)nanosleep(&pause, NULL); /* waking early is fine */
}
