/* Read from /proc and getrusage. What cannot be read stays 0. */
#include "app/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t cpu_us(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0) {
        return 0;
    }
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Since Linux 6.2 the directory's size is the count;
 * before that it is 0 and the names are counted. */
static int64_t open_files(void)
{
    struct stat status;
    int64_t count = -3; /* ".", ".." and the descriptor of the directory itself */
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0) {
        return status.st_size;
    }
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        return 0;
    }
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

static int64_t open_files_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT64_MAX) {
        return 0;
    }
    return (int64_t)limit.rlim_cur;
}

void pl_process_collect(struct pl_metrics *metrics, int64_t start_unix_us)
{
    pl_metrics_set(metrics, PL_METRIC_START_TIME, start_unix_us);
    pl_metrics_set(metrics, PL_METRIC_CPU_TIME, cpu_us());
    pl_metrics_set(metrics, PL_METRIC_RESIDENT_BYTES, resident_bytes());
    pl_metrics_set(metrics, PL_METRIC_OPEN_FILES, open_files());
    pl_metrics_set(metrics, PL_METRIC_OPEN_FILES_MAX, open_files_max());
}
