/* What the files of Talo's dialect share. Threads: the hub's. */
#ifndef PL_DIALECT_TALO_DIALECT_INTERNAL_H
#define PL_DIALECT_TALO_DIALECT_INTERNAL_H

#include "dialect/talo/auth_service.h"
#include "dialect/talo/rest.h"
#include "dialect/talo/talo.h"

struct pl_talo_dialect {
    struct pl_talo_params params;
    struct pl_talo_rest *rest;
    struct pl_talo_auth_service *auth;
    struct pl_list sockets;     /* the open ones, by their next beat (socket.c) */
    struct pl_timer beat_timer; /* for the first of them */
    struct pl_log_limit log_limit;
    bool is_leaving; /* new sockets are closed at once */
};

/* Sockets on every path that takes no other WebSocket. */
PL_MUST_CHECK int pl_talo_sockets_open(struct pl_talo_dialect *dialect, struct pl_error *err);
void pl_talo_sockets_leave(struct pl_talo_dialect *dialect, uint16_t code);

#endif
