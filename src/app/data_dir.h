/* The data directory: made when missing, and locked, so that two servers never share one.
 * Threads: one at a time. */
#ifndef PL_APP_DATA_DIR_H
#define PL_APP_DATA_DIR_H

#include "base/error.h"
#include "base/str.h"

/* Longest path of a socket, with its NUL: the system's limit. */
#define PL_CONTROL_PATH_MAX 108

struct pl_data_dir {
    int lock_fd; /* holds the lock while open; -1 when closed */
    char control_path[PL_CONTROL_PATH_MAX];
};

/* "DIR/control.sock" in `out`. PL_E_TOO_BIG when a socket's path cannot be that long. */
PL_MUST_CHECK int pl_control_path(char out[PL_CONTROL_PATH_MAX], struct pl_str dir,
                                  struct pl_error *err);

/* Make (0700) and lock DIR; DIR/lock holds the process id.
 * Returns 0, PL_E_EXISTS when a server has it, PL_E_IO or PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_data_dir_open(struct pl_data_dir *out, struct pl_str dir,
                                   struct pl_error *err);

/* The lock on DIR that another process holds and has handed over, `lock_fd`, which is taken over in
 * any case. DIR/lock names that process until pl_data_dir_note_pid. Errors as above. */
PL_MUST_CHECK int pl_data_dir_adopt(struct pl_data_dir *out, struct pl_str dir, int lock_fd,
                                    struct pl_error *err);
void pl_data_dir_note_pid(const struct pl_data_dir *data_dir);

/* Unlock. Closing twice is fine. */
void pl_data_dir_close(struct pl_data_dir *data_dir);

#endif
