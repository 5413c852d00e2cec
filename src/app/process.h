/* What the system knows about this process, for the metrics. Threads: any. */
#ifndef PL_APP_PROCESS_H
#define PL_APP_PROCESS_H

#include "base/metrics.h"

/* Set the process_... gauges: processor time, resident memory, open files.
 *   start_unix_us  when the process began */
void pl_process_collect(struct pl_metrics *metrics, int64_t start_unix_us);

#endif
