/* Unix sockets to listen on. Descriptors are non-blocking and close-on-exec.
 * Threads: any; names of users are looked up, which may block. */
#ifndef PL_NET_UNIX_SOCKET_H
#define PL_NET_UNIX_SOCKET_H

#include "base/error.h"
#include "base/str.h"

/* Longest path, without a NUL behind it (sun_path has 108 bytes). */
#define PL_UNIX_PATH_MAX 107

struct pl_unix_place {
    struct pl_str path;  /* "@NAME" is abstract: in no folder, and open to everybody */
    struct pl_str user;  /* owner of the file: a name or a number; empty: the process's */
    struct pl_str group; /* likewise */
    unsigned mode;       /* who may connect: 0660 is user and group */
};

/* Which file a listening socket has made, so that nobody else's is removed. */
struct pl_unix_file {
    uint64_t device;
    uint64_t inode; /* 0: none */
};

/* Listen at a place. A socket file that is there is replaced when nobody listens on it.
 * Returns the descriptor; PL_E_EXISTS when somebody does or something else is there, PL_E_NOT_FOUND
 * for an unknown user, group or folder, PL_E_DENIED, PL_E_TOO_BIG for a path that is too long,
 * PL_E_IO; the reason is in `err`. */
PL_MUST_CHECK int pl_unix_listen(struct pl_unix_file *file, const struct pl_unix_place *place,
                                 struct pl_error *err);

/* Give the file of a listening socket the place's owner and mode. Errors as pl_unix_listen. */
PL_MUST_CHECK int pl_unix_set_rights(const struct pl_unix_place *place, struct pl_error *err);

/* The file at `path` as it is now; zeroed when there is none, or the path is abstract. */
void pl_unix_file_find(struct pl_unix_file *file, struct pl_str path);

/* Remove the socket file, if it is still that one. */
void pl_unix_file_remove(const struct pl_unix_file *file, struct pl_str path);

/* The path that a descriptor is bound to, as a place has it, in `out` (PL_UNIX_PATH_MAX + 1 bytes, a
 * NUL behind it). Empty when it is no Unix socket or has no name. Returns out. */
const char *pl_unix_bound(char *out, int fd);

#endif
