/* Socket tickets: one-shot rights to open a socket (spec talo, 1.2).
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_TICKETS_H
#define PL_SERVICE_TALO_TICKETS_H

#include "service/talo/expiry.h"
#include "service/talo/talo.h"

#define PL_TALO_TICKETS_MAX 100000

struct pl_talo_tickets {
    struct pl_table by_id;
    struct pl_talo_expiry expiry;
};

void pl_talo_tickets_init(struct pl_talo_tickets *tickets, struct pl_hub *hub);
void pl_talo_tickets_fini(struct pl_talo_tickets *tickets);

/* At the bound the oldest one goes. */
void pl_talo_tickets_add(struct pl_talo_tickets *tickets, const struct pl_uuid *id,
                         const struct pl_talo_ticket *ticket);

/* Take it out. False when there is none of this text. */
bool pl_talo_tickets_take(struct pl_talo_ticket *out, struct pl_talo_tickets *tickets,
                          struct pl_str text);

/* Void all of which `matches` says so. */
void pl_talo_tickets_drop(struct pl_talo_tickets *tickets,
                          bool (*matches)(const struct pl_talo_ticket *ticket, void *user),
                          void *user);

#endif
