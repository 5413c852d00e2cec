/* Talo's dialect: its sockets, on any path that takes no other WebSocket, and its REST services under
 * /v1, in front of a world of service/talo/. What other folders see of it.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_TALO_H
#define PL_DIALECT_TALO_TALO_H

#include "service/talo/talo.h"
#include "store/talo/props.h"
#include "web/web.h"
#include "work/crypto.h"
#include "work/mail.h"

struct pl_talo_dialect;

/* What may change while it runs. */
struct pl_talo_limits {
    uint32_t rest_auth_per_minute; /* requests of one address (spec 3.4); 0: no limit */
    uint32_t rest_default_per_minute;
    size_t message_bytes; /* of a socket opened from now on; past it 1009 */
    uint32_t send_bytes;  /* that may stay unsent to such a socket */
    uint32_t bcrypt_cost; /* of passwords set from now on */
};

struct pl_talo_params {
    struct pl_web *web; /* everything is borrowed, and outlives the dialect */
    struct pl_hub *hub;
    struct pl_talo *talo;
    struct pl_crypto *crypto; /* of player authentication, as the mail */
    struct pl_mail *mail;
    const struct pl_log *log;
    struct pl_metrics *metrics;
    struct pl_talo_limits limits;
    struct pl_talo_profanity profanity; /* of games that block it; zeroed: no word is profane */
};

/* Add its routes. Returns PL_E_EXISTS when an application has one of them. */
PL_MUST_CHECK int pl_talo_dialect_create(struct pl_talo_dialect **out,
                                         const struct pl_talo_params *params, struct pl_error *err);
void pl_talo_dialect_configure(struct pl_talo_dialect *dialect,
                               const struct pl_talo_limits *limits);

/* Close every socket with this code and refuse new ones. */
void pl_talo_dialect_leave(struct pl_talo_dialect *dialect, uint16_t code);

/* All connections are closed. NULL is fine. */
void pl_talo_dialect_destroy(struct pl_talo_dialect *dialect);

/* `on_revoked` of struct pl_talo_config (spec 1.3). */
void pl_talo_on_revoked(struct pl_talo_conn *conn);

/* `user` of pl_talo_encode. */
struct pl_talo_encoder {
    const struct pl_hub *hub;
    const struct pl_log *log;
    size_t bytes_max; /* of an event */
    struct pl_log_limit limit;
};

/* With the bound that goes with `limits`: what players may put into their props, their names and a
 * channel's storage can make an event so large that it alone would fill what may stay unsent to a
 * member, and close all of them. It is not sent, and logged as talo.event_dropped. */
void pl_talo_encoder_configure(struct pl_talo_encoder *encoder,
                               const struct pl_talo_limits *limits);

/* `encode` of struct pl_talo_config (spec 1.8); user: a struct pl_talo_encoder. */
struct pl_frame *pl_talo_encode(void *user, const struct pl_talo_event *event, uint8_t encoding);

/* --- administration (spec 7) --- */

struct pl_talo_admin_config {
    struct pl_talo *talo;
    struct pl_talo_profanity profanity;
};

/* What became of a request. result: a JSON object, borrowed for the call; err: NULL, or why there is
 * none. */
typedef void pl_talo_admin_done(void *user, struct pl_str result, const struct pl_error *err);

/* Carry out one request of `parley talo`, a JSON object: {"words":["game","create","NAME"],
 * "game":"1","scopes":"*"}, for an import with "lines":[...]. `done` is called exactly once, perhaps
 * before this returns. */
void pl_talo_administer(const struct pl_talo_admin_config *config, struct pl_str request,
                        pl_talo_admin_done *done, void *user);

/* Whether such a request names a command there is, with as many words as it takes. Returns 0, or
 * PL_E_INVALID or PL_E_TOO_BIG with what is wrong. Needs no world. */
PL_MUST_CHECK int pl_talo_admin_check(struct pl_str request, struct pl_error *err);

/* The commands there are: row `index` of the table, false behind the last. */
struct pl_talo_admin_usage {
    const char *noun;
    const char *verb;
    const char *words;
    bool takes_game;
    bool takes_scopes;
    const char *summary;
};
bool pl_talo_admin_usage(struct pl_talo_admin_usage *out, size_t index);

#endif
