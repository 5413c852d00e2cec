/* The control socket: a Unix socket (mode 0600) on which the commands of `parley` reach a running
 * server. A request is a line of JSON, {"command":"status"}, further members are the command's; the
 * answer is a line, {"ok":true,"result":{...}} or {"ok":false,"error":"..."}. Commands are rows
 * that modules add.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_H
#define PL_APP_CONTROL_H

#include "base/log.h"
#include "codec/json_write.h"
#include "io/loop.h"

#define PL_CONTROL_LINE_MAX ((size_t)2 * 1024 * 1024) /* an import's lines */
#define PL_CONTROL_CLIENTS_MAX 16
#define PL_CONTROL_COMMANDS_MAX 64

struct pl_control;

/* A request that is a JSON object; borrowed for the call. */
struct pl_control_request {
    struct pl_str json;
    void *client; /* control.c's */
};

/* An answer that is still to come. */
struct pl_control_later;

struct pl_control_command {
    const char *name; /* static */
    /* Do it. `result` is inside an object: write its members (pl_json_key, then a value).
     * Returns 0, or a negative PL_E_... with the reason for the person who asked; what was written
     * is then dropped. */
    int (*run)(void *user, const struct pl_control_request *request, struct pl_json_writer *result,
               struct pl_error *err);
    void *user;
};

/* Listen on `path`; a socket left there by a dead server is replaced, so hold the data directory's
 * lock. `log` may be NULL.
 * Returns 0, PL_E_TOO_BIG for a path that is too long, or PL_E_IO. */
PL_MUST_CHECK int pl_control_create(struct pl_control **out, struct pl_loop *loop, const char *path,
                                    const struct pl_log *log, struct pl_error *err);

/* Close all connections and remove the socket. Before pl_loop_destroy; NULL is fine. */
void pl_control_destroy(struct pl_control *control);

/* Add a command (copied). Its name must be new. */
void pl_control_add(struct pl_control *control, const struct pl_control_command *command);

/* Called by a command that then returns 0: its client waits for .._finish, which frees it. */
struct pl_control_later *pl_control_defer(const struct pl_control_request *request);

/* Answer now, whether the client is still there or not. err: NULL for `result`, which is a JSON
 * object; else the reason. Not from inside a command. *later becomes NULL; NULL is fine. */
void pl_control_finish(struct pl_control_later **later, struct pl_str result,
                       const struct pl_error *err);

/* --- for a server that is upgraded --- */

/* As .._create, but on the socket of another process, which is taken over in any case; the path
 * stays that one's until .._own. */
PL_MUST_CHECK int pl_control_adopt(struct pl_control **out, struct pl_loop *loop, const char *path,
                                   int fd, const struct pl_log *log, struct pl_error *err);
void pl_control_own(struct pl_control *control);

int pl_control_fd(const struct pl_control *control); /* the listening socket; borrowed */

/* Take no more clients: another process does. Those that there are go on; the path stays. */
void pl_control_leave(struct pl_control *control);

/* A member of the request. False when it is missing or of another type. The text must be shorter
 * than `out_size` and gets a NUL behind it. */
PL_MUST_CHECK bool pl_control_get_i64(int64_t *out, const struct pl_control_request *request,
                                      struct pl_str key);
PL_MUST_CHECK bool pl_control_get_text(char *out, size_t out_size,
                                       const struct pl_control_request *request, struct pl_str key);

#endif
