/* How a run ends that shows a mistake. */
#ifndef PL_CLIENT_SIM_SIM_H
#define PL_CLIENT_SIM_SIM_H

#include "base/defs.h"

PL_NORETURN void sim_fail(const char *fmt, ...) PL_PRINTF(1, 2);

#endif
