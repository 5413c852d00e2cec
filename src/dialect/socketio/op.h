/* Operators: whom an emit, join, leave or disconnect is for. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_OP_H
#define PL_DIALECT_SOCKETIO_OP_H

#include "parley/socketio.h"

struct pl_sio_ns;

struct pl_sio_op_room {
    struct pl_sio_op_room *next;
    size_t len;
    char text[];
};

struct parley_op {
    struct pl_sio_ns *ns;         /* counted; may be a parent */
    struct parley_socket *socket; /* counted; NULL from a namespace */
    struct pl_sio_op_room *rooms; /* union of these */
    struct pl_sio_op_room **rooms_end;
    struct pl_sio_op_room *except;
    struct pl_sio_op_room **except_end;
    size_t room_count;
    size_t except_count;
    uint32_t timeout_ms; /* 0: as configured */
    unsigned flags;      /* PL_SEND_... */
    bool is_aimed;       /* at others than the socket it came from */
    bool leaves_out_self;
    bool is_uncompressed;
};

/* Whether it is for the socket that it came from and for nobody else. */
static inline bool pl_sio_op_is_for_self(const struct parley_op *op)
{
    return op->socket != NULL && !op->is_aimed;
}

/* The namespaces an operator is for: its own, or a parent's children, counted. */
struct pl_sio_ns **pl_sio_op_namespaces(const struct parley_op *op, size_t *count);
void pl_sio_op_namespaces_free(struct pl_sio_ns **namespaces, size_t count);

#endif
