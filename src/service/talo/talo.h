/* The world of games, players and channels (Talo's model) on the hub: what lives only in memory
 * (connections, tickets, tokens, who is where), what every operation of the store means for it, and
 * the events that come of it. No protocol is known here: a dialect makes connections, gets events to
 * encode, and submits operations.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_TALO_H
#define PL_SERVICE_TALO_TALO_H

#include "base/buf.h"
#include "hub/session.h"
#include "hub/table.h"
#include "service/talo/secrets.h"
#include "store/store.h"
#include "store/talo/entity.h"

struct pl_talo;
struct pl_talo_conn;

/* --- events (spec 1.8) --- */

enum pl_talo_event_kind {
    PL_TALO_EVENT_PRESENCE_UPDATED,       /* alias, presence, online_changed, status_changed */
    PL_TALO_EVENT_MESSAGE,                /* channel, alias, message */
    PL_TALO_EVENT_PLAYER_JOINED,          /* channel, alias */
    PL_TALO_EVENT_PLAYER_LEFT,            /* channel, alias, reason */
    PL_TALO_EVENT_CHANNEL_DELETED,        /* channel */
    PL_TALO_EVENT_OWNERSHIP_TRANSFERRED,  /* channel, alias: the new owner */
    PL_TALO_EVENT_CHANNEL_UPDATED,        /* channel, changed */
    PL_TALO_EVENT_STORAGE_UPDATED,        /* channel, upserted, deleted */
    PL_TALO_EVENT_CONFIG_UPDATED,         /* config */
    PL_TALO_EVENT_BROADCAST,              /* alias, message */
    PL_TALO_EVENT_SUBSCRIPTION_CREATED,   /* subscription */
    PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED, /* subscription */
    PL_TALO_EVENT_SUBSCRIPTION_DELETED,   /* subscription, reciprocal (may be NULL) */
};

/* Borrowed for the call of `encode`. */
struct pl_talo_event {
    enum pl_talo_event_kind kind;
    const struct pl_talo_channel *channel;
    const struct pl_talo_alias *alias;
    const struct pl_talo_presence *presence;
    bool online_changed;
    bool status_changed;
    struct pl_str message;
    int reason; /* 0 default, 1 temporary membership ended */
    unsigned changed;
    const struct pl_talo_storage_props *upserted;
    const struct pl_talo_storage_props *deleted;
    const struct pl_talo_props *config; /* without META_ keys */
    const struct pl_talo_subscription *subscription;
    const struct pl_talo_subscription *reciprocal;
};

/* --- the world --- */

struct pl_talo_config {
    struct pl_hub *hub;
    struct pl_store *store;
    const struct pl_log *log;
    /* One frame with one reference for sinks of this encoding, or NULL. */
    struct pl_frame *(*encode)(void *user, const struct pl_talo_event *event, uint8_t encoding);
    void *user;
    /* The connection's key was revoked: close it. */
    void (*on_revoked)(struct pl_talo_conn *conn);
    uint8_t sealing_key[PL_SEAL_KEY_BYTES]; /* of service/talo/secrets.h */
};

/* Load games, keys and live configurations, and put presences that an earlier run left online
 * offline (spec 1.9); waits for the store. */
PL_MUST_CHECK int pl_talo_create(struct pl_talo **out, const struct pl_talo_config *config,
                                 struct pl_error *err);

/* Write what waits in memory (counts of messages, use of keys). The order of an end: close all
 * connections, pl_talo_stop, pl_store_destroy (which waits for all of it), pl_talo_destroy. From
 * here on nothing is tried again. */
void pl_talo_stop(struct pl_talo *talo);
void pl_talo_destroy(struct pl_talo *talo); /* all connections closed, the store destroyed before */

/* Submit what is kept in memory to be written now and then (counts of messages, uses of keys). */
void pl_talo_flush(struct pl_talo *talo);

/* Another process has this world from now on (an upgrade): operations that write are not run and
 * come back with PL_E_CLOSED, and a connection that closes changes nothing in the store: the other
 * process has put everybody offline when it loaded the world. */
void pl_talo_retire(struct pl_talo *talo);

/* Milliseconds since 1970: the hub's stamps. */
int64_t pl_talo_now_ms(struct pl_talo *talo);
struct pl_uuid pl_talo_new_uuid(struct pl_talo *talo);

/* Never given before, not even to what has been deleted. */
int64_t pl_talo_next_id(struct pl_talo *talo, enum pl_talo_id kind);

/* Something comes in with an id of its own (an import): the next ones are above it. */
void pl_talo_raise_id(struct pl_talo *talo, enum pl_talo_id kind, int64_t id);

/* Append a secret as an operation wants it, sealed for the row with this id. */
void pl_talo_seal(struct pl_buf *out, struct pl_talo *talo, enum pl_talo_secret kind, int64_t id,
                  struct pl_str plain);

/* Submit an operation of store/talo/. When it comes back, first what it means for this world is
 * done (members, caches, events, closed sockets), then its on_done is called. Channels in its results
 * have the exact count of messages by then. */
void pl_talo_submit(struct pl_talo *talo, struct pl_store_op *op);

/* What a stream of this kind is called for operators ("talo-channel"), or NULL: another service's. */
const char *pl_talo_stream_name(uint8_t kind);

/* --- what administrators own, in memory --- */

/* NULL when there is none. Borrowed until the next operation comes back. */
const struct pl_talo_game *pl_talo_find_game(const struct pl_talo *talo, int64_t id);
const struct pl_talo_key *pl_talo_find_key(const struct pl_talo *talo, int64_t id);
const struct pl_talo_props *pl_talo_live_config(const struct pl_talo *talo, int64_t game_id);

/* In the order of their ids; start with 0; NULL ends. */
const struct pl_talo_game *pl_talo_next_game(const struct pl_talo *talo, int64_t after_id);
const struct pl_talo_key *pl_talo_next_key(const struct pl_talo *talo, int64_t after_id);
const struct pl_talo_verification_key *pl_talo_next_verification_key(const struct pl_talo *talo,
                                                                     int64_t after_id);

/* The key was used now; kept in memory and written now and then. */
void pl_talo_note_key_used(struct pl_talo *talo, int64_t key_id);

/* The text of a scope, and the other way; "*" is PL_TALO_SCOPES_ALL. 0 for an unknown one. */
struct pl_str pl_talo_scope_text(unsigned bit);
uint32_t pl_talo_scope_parse(struct pl_str text);

/* What is missing of `needed`, or 0. */
static inline uint32_t pl_talo_missing_scopes(uint32_t scopes, uint32_t needed)
{
    return needed & ~scopes;
}

/* Append "Missing access key scope(s): a:b, c:d". */
void pl_talo_write_missing_scopes(struct pl_buf *out, uint32_t missing);

/* --- tickets and tokens (spec 1.2) --- */

#define PL_TALO_TICKET_MS (300 * 1000)
#define PL_TALO_TOKEN_MS (3600 * 1000)

/* A new ticket. At the bound of what is open (100,000) the oldest one goes. */
struct pl_uuid pl_talo_issue_ticket(struct pl_talo *talo, int64_t key_id, bool is_dev_build);

struct pl_talo_ticket {
    int64_t key_id;
    bool is_dev_build;
};

/* Look it up and delete it. False when it is unknown, expired or used. */
bool pl_talo_take_ticket(struct pl_talo_ticket *out, struct pl_talo *talo, struct pl_str text);

/* A new socket token of the alias; the one before is void. */
struct pl_uuid pl_talo_issue_token(struct pl_talo *talo, int64_t alias_id);
bool pl_talo_check_token(struct pl_talo *talo, int64_t alias_id, struct pl_str text);

/* --- request verification (spec 2) --- */

/* Whether `signature` is right for `payload` (the exact bytes) as of the alias; what it remembers is
 * shared by REST and sockets. */
bool pl_talo_verify_request(struct pl_talo *talo, int64_t game_id, int64_t alias_id,
                            struct pl_str signature, struct pl_str payload);

/* --- connections --- */

struct pl_talo_conn_request; /* what a connection waits for */

/* An open socket. Embedded in the dialect's object. */
struct pl_talo_conn {
    struct pl_talo *talo;
    struct pl_session *session;
    int64_t game_id;
    int64_t key_id;
    int64_t alias_id; /* 0: not identified */
    struct pl_uuid player_id;
    uint32_t scopes; /* as they were when it opened, as is verifies_requests */
    bool verifies_requests;
    bool is_dev_build;
    bool is_open;
    struct pl_table_link by_alias;
    struct pl_table_link by_player;
    struct pl_list in_world;
    uint64_t number; /* in the order of opening; the service's, as the fields below */
    struct pl_talo_conn_request *request;
};

/* Open it: game, key, scopes and session are filled in by the caller. It receives live config
 * updates from here on. */
void pl_talo_conn_open(struct pl_talo *talo, struct pl_talo_conn *conn);

/* Leave everything. If it was identified and the last connection of its player, the player goes
 * offline (spec 1.9). Its session is the caller's to close, afterwards. Again is fine. */
void pl_talo_conn_close(struct pl_talo_conn *conn);

enum pl_talo_refusal {
    PL_TALO_OK,
    PL_TALO_BAD_TOKEN,    /* INVALID_SOCKET_TOKEN */
    PL_TALO_BAD_SESSION,  /* INVALID_SESSION_TOKEN */
    PL_TALO_NO_ALIAS,     /* LISTENER_ERROR */
    PL_TALO_NO_CHANNEL,   /* "Channel not found" */
    PL_TALO_NOT_A_MEMBER, /* "Player not in channel" */
    PL_TALO_STORE_FAILED,
};

/* How a request of a connection ended. alias: of identify, borrowed for the call; NULL otherwise.
 * May be called before the request's function returns. Not called when the connection has been
 * closed meanwhile. */
typedef void pl_talo_conn_done(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                               const struct pl_talo_alias *alias);

/* The requests of spec 1.8.2, 1.8.4 and 1.8.8. The caller suspends its session until `done`. Texts
 * are borrowed for the call. */
void pl_talo_conn_identify(struct pl_talo_conn *conn, int64_t alias_id, struct pl_str token,
                           struct pl_str session_token, pl_talo_conn_done *done);
void pl_talo_conn_message(struct pl_talo_conn *conn, int64_t channel_id, struct pl_str message,
                          pl_talo_conn_done *done);
void pl_talo_conn_broadcast(struct pl_talo_conn *conn, struct pl_str message,
                            pl_talo_conn_done *done);

#endif
