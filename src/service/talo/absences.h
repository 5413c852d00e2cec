/* Players whose last connection has closed: each goes offline (spec talo, 1.9). They wait in a
 * queue, since many may leave at once, and since presence must become true even when the store
 * fails for a while: then they are tried again, one first, later and later. Who went offline and
 * has come back meanwhile is set right the same way.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_ABSENCES_H
#define PL_SERVICE_TALO_ABSENCES_H

#include "service/talo/talo.h"

enum pl_talo_absence_step {
    PL_TALO_ABSENCE_OFFLINE, /* store that the player is offline */
    PL_TALO_ABSENCE_FIND,    /* first ask whose alias it is: it may have come online */
    PL_TALO_ABSENCE_ONLINE,  /* it is back: store that it is online */
};

struct pl_talo_absence {
    struct pl_list node;
    enum pl_talo_absence_step step;
    int64_t game_id;
    int64_t alias_id;         /* that disconnected, or is back */
    struct pl_uuid player_id; /* unknown to FIND */
};

struct pl_talo_absences {
    struct pl_talo *talo;
    struct pl_list waiting; /* in the order in which they are to be told */
    struct pl_timer retry;
    size_t under_way; /* operations */
    int64_t wait_ms;  /* until the next attempt; 0: the store works */
};

void pl_talo_absences_init(struct pl_talo_absences *absences, struct pl_talo *talo);
void pl_talo_absences_fini(struct pl_talo_absences *absences);

/* A connection of this player is gone; a copy is kept. Nothing happens while others are there; while
 * somebody identifies as the same alias, that is waited for. */
void pl_talo_absences_add(struct pl_talo_absences *absences, const struct pl_talo_absence *absence);

/* The end: everything that waits is tried once, now. */
void pl_talo_absences_flush(struct pl_talo_absences *absences);

#endif
