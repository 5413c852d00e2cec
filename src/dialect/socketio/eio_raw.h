/* Raw Engine.IO for applications: messages without Socket.IO on top. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_EIO_RAW_H
#define PL_DIALECT_SOCKETIO_EIO_RAW_H

#include "parley/socketio.h"

struct pl_eio_engine;

/* io->config has changed. */
void pl_eio_raw_configure(struct parley_io *io);
void pl_eio_raw_each_engine(struct parley_io *io,
                            void (*visit)(struct pl_eio_engine *engine, void *user), void *user);
void pl_eio_raw_shutdown(struct parley_io *io);
void pl_eio_raw_destroy(struct parley_io *io);

#endif
