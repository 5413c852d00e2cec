/* Starting this program once more, as it was started itself: same arguments, same environment but
 * for a few variables, same standard streams, and nothing else of this process.
 * Threads: any; nothing of ours runs between fork and exec. */
#ifndef PL_APP_SPAWN_AGAIN_H
#define PL_APP_SPAWN_AGAIN_H

#include "base/error.h"

#include <sys/types.h>

/* Names the descriptor that the new process has from the old one. */
#define PL_UPGRADE_FD_VARIABLE "PARLEY_UPGRADE_FD"

/* Start it.
 *   binary  a path; NULL: the name this process was started by, so that what stands there now is
 *           taken, and this process's own file where that name leads nowhere
 *   fd      open in the new process, whose variable tells its number
 * Returns 0 with *pid; PL_E_NOT_FOUND, PL_E_DENIED or PL_E_IO with the reason. */
PL_MUST_CHECK int pl_spawn_again(pid_t *pid, const char *binary, int fd, struct pl_error *err);

#endif
