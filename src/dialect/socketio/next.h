/* Answers of middlewares and hooks: each is asked once, and may answer when it likes.
 * Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_NEXT_H
#define PL_DIALECT_SOCKETIO_NEXT_H

#include "base/list.h"
#include "parley/socketio.h"

struct pl_sio_verdict {
    bool is_accepted;
    const char *message;           /* of a refusal; never NULL then */
    const struct parley_val *data; /* may be NULL */
};

struct parley_next {
    struct pl_list in_io; /* on io->nexts until answered */
    void (*answer)(void *owner, const struct pl_sio_verdict *verdict);
    void (*drop)(void *owner); /* never answered, and the server is going */
    void *owner;
};

struct parley_next *pl_sio_next_create(struct parley_io *io,
                                       void (*answer)(void *owner,
                                                      const struct pl_sio_verdict *verdict),
                                       void (*drop)(void *owner), void *owner);
void pl_sio_nexts_drop(struct parley_io *io);

#endif
