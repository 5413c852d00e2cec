/* The rate limit of one Talo socket: fixed windows, a block when one is exceeded, and warnings that
 * signs of life work off. Source: spec talo, 1.7.
 * Threads: one at a time. No clock of its own. */
#ifndef PL_DIALECT_TALO_SOCKET_RATE_H
#define PL_DIALECT_TALO_SOCKET_RATE_H

#include "base/defs.h"

enum pl_talo_rate_verdict {
    PL_TALO_RATE_OK,
    PL_TALO_RATE_WARN,  /* discard the message and say so */
    PL_TALO_RATE_CLOSE, /* the fourth time */
};

/* Zeroed is ready. */
struct pl_talo_rate {
    uint32_t since_ms;      /* when the window or the block began: the clock's low 32 bits */
    uint16_t count;         /* messages in the window; 0: none is open */
    uint8_t warnings;       /* 0 to 4 */
    bool is_blocked : 1;    /* until the block ends, every message is a violation */
    bool is_identified : 1; /* whose allowance is counted: each has a window of its own */
};

/* One message has arrived. */
enum pl_talo_rate_verdict pl_talo_rate_take(struct pl_talo_rate *rate, bool is_identified,
                                            int64_t now_ms);

/* A pong, or a heartbeat within the limit: one warning less. */
void pl_talo_rate_decay(struct pl_talo_rate *rate);

#endif
