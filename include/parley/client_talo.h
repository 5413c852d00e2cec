/* Talo: players, presence, channels with storage, relationships and live config, for games whose
 * service speaks that protocol: this server, or the public one. Life cycle, threads and errors:
 * client.h.
 *
 *     static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
 *                            void *user)
 *     {
 *         if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) {
 *             printf("%s: %s\n", message->alias->display_name, message->text);
 *         }
 *     }
 *
 *     struct parley_talo_config config;
 *     parley_talo_config_init(&config);
 *     config.access_key = "...";
 *     config.on_message = on_message;
 *     parley_talo_create(&talo, client, "http://127.0.0.1:7350", &config);
 *     parley_talo_identify(talo, "username", "ada", on_identified, NULL);
 *
 * Two things go on beside each other. *Requests* are HTTP: each is one call here, and a callback
 * that gets its result; they are made one after the other, in the order of the calls. The *socket*
 * is a WebSocket on which messages come and some are sent: it is opened by itself (auto_connect),
 * and identified by itself as soon as there is a player.
 *
 * Times are milliseconds since 1970, 0 where the service gave none. Wire behaviour: shared spec
 * talo.md, sections 1 to 6. */
#ifndef PARLEY_CLIENT_TALO_H
#define PARLEY_CLIENT_TALO_H

#include "parley/client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct parley_talo;
struct parley_talo_alias;

/* --- what the service knows ---
 *
 * Borrowed: in a callback until it returns. Texts are never NULL ("" where the service gave none);
 * a pointer is NULL where there is no such thing. Lists are a pointer and a count. */

struct parley_talo_prop {
    const char *key;   /* one that ends in "[]" may come several times: an array */
    const char *value; /* given to a function that changes props: NULL removes the key */
};

struct parley_talo_presence {
    const struct parley_talo_alias *alias; /* that changed it last; NULL inside of a player */
    const char *custom_status;
    int64_t updated_ms;
    bool is_online;
};

/* The name of a group that a player is in. */
struct parley_talo_membership {
    const char *id;
    const char *name;
};

/* How a player logs in; told about oneself alone. */
struct parley_talo_auth {
    const char *email; /* "" for none */
    bool verification_is_on;
};

struct parley_talo_player {
    const char *id;
    const struct parley_talo_prop *props;
    size_t prop_count;
    const struct parley_talo_alias *aliases; /* where the request is about a player */
    size_t alias_count;
    const struct parley_talo_membership *groups;
    size_t group_count;
    const struct parley_talo_presence *presence; /* NULL: was never seen */
    const struct parley_talo_auth *auth;         /* NULL: none, or not told */
    int64_t created_ms;
    int64_t last_seen_ms;
    bool is_dev_build;
};

/* Who a player is to a service: the identity that channels and relationships know. */
struct parley_talo_alias {
    int64_t id;
    const char *service; /* "username", "steam", ... */
    const char *identifier;
    const char *display_name;
    struct parley_talo_player player;
    int64_t last_seen_ms;
    int64_t created_ms;
    int64_t updated_ms;
};

struct parley_talo_channel {
    int64_t id;
    const char *name;
    const struct parley_talo_alias *owner; /* NULL: nobody */
    const struct parley_talo_prop *props;
    size_t prop_count;
    int64_t message_count;
    int64_t member_count; /* -1 where it is not told: in messages of the socket */
    int64_t created_ms;
    int64_t updated_ms;
    bool auto_cleanup;         /* goes when its owner, or its last member, leaves */
    bool is_private;           /* by invitation of the owner alone */
    bool temporary_membership; /* who goes offline leaves */
};

/* One value in a channel's storage. */
struct parley_talo_stored {
    const char *key;
    const char *value;
    const struct parley_talo_alias *created_by;
    const struct parley_talo_alias *updated_by;
    int64_t created_ms;
    int64_t updated_ms;
};

/* `subscriber` gets what `subscribed_to` broadcasts, once it is confirmed. */
struct parley_talo_subscription {
    int64_t id;
    const struct parley_talo_alias *subscriber;
    const struct parley_talo_alias *subscribed_to;
    const char *relationship_type; /* "unidirectional" or "bidirectional" */
    int64_t created_ms;
    int64_t updated_ms;
    bool is_confirmed;
};

struct parley_talo_group {
    const char *id;
    const char *name;
    const char *description;
    const struct parley_talo_player *members; /* a page of them, where they are visible */
    size_t member_count;
    int64_t count; /* of all members */
    int64_t updated_ms;
    bool members_are_visible;
};

/* A prop that was not taken. */
struct parley_talo_rejected {
    const char *key;
    const char *code; /* "PROP_VALUE_TOO_LONG", ... */
    const char *message;
};

/* Where a page stands in the whole list. */
struct parley_talo_page {
    int64_t count; /* of the whole list */
    int64_t per_page;
    bool is_last;
};

/* --- messages of the socket --- */

enum parley_talo_kind {
    PARLEY_TALO_OTHER,                   /* unknown, or without what its name promises: `data` */
    PARLEY_TALO_CONNECTED,               /* v1.connected */
    PARLEY_TALO_ERROR,                   /* v1.error: error */
    PARLEY_TALO_IDENTIFIED,              /* v1.players.identify.success: alias */
    PARLEY_TALO_PRESENCE_UPDATED,        /* presence, online_changed, custom_status_changed */
    PARLEY_TALO_CHANNEL_MESSAGE,         /* channel, alias, text */
    PARLEY_TALO_CHANNEL_JOINED,          /* channel, alias */
    PARLEY_TALO_CHANNEL_LEFT,            /* channel, alias, leave_reason */
    PARLEY_TALO_CHANNEL_DELETED,         /* channel */
    PARLEY_TALO_CHANNEL_OWNER_CHANGED,   /* channel, alias: the new owner */
    PARLEY_TALO_CHANNEL_UPDATED,         /* channel, changed */
    PARLEY_TALO_CHANNEL_STORAGE_UPDATED, /* channel, upserted, deleted */
    PARLEY_TALO_LIVE_CONFIG_UPDATED,     /* config */
    PARLEY_TALO_BROADCAST,               /* alias, text */
    PARLEY_TALO_SUBSCRIPTION_CREATED,    /* subscription */
    PARLEY_TALO_SUBSCRIPTION_CONFIRMED,  /* subscription */
    PARLEY_TALO_SUBSCRIPTION_DELETED,    /* subscription, reciprocal (or NULL) */
};

/* Why a member left a channel. */
enum parley_talo_leave_reason {
    PARLEY_TALO_LEFT = 0,             /* asked to */
    PARLEY_TALO_MEMBERSHIP_ENDED = 1, /* a temporary membership, by going offline */
};

/* What the service answers a message of ours with that it did not take. */
struct parley_talo_error {
    const char *req;     /* the request, or "unknown" */
    const char *code;    /* "NO_PLAYER_FOUND", ...; "BAD_MESSAGE": the service sent nonsense */
    const char *message; /* words */
    const char *cause;   /* or "" */
};

/* Of the typed members those are set that the kind names; they are then never NULL unless it says
 * so. */
struct parley_talo_message {
    enum parley_talo_kind kind;
    const char *res;               /* the name: "v1.channels.message" */
    const struct parley_val *data; /* all of it: an object */

    const struct parley_talo_alias *alias;
    const struct parley_talo_channel *channel;
    const char *text;
    const struct parley_talo_presence *presence;
    const struct parley_talo_subscription *subscription;
    const struct parley_talo_subscription *reciprocal;
    const struct parley_talo_error *error;
    const struct parley_talo_prop *config;
    size_t config_count;
    const struct parley_talo_stored *upserted;
    size_t upserted_count;
    const struct parley_talo_stored *deleted;
    size_t deleted_count;
    const char *const *changed; /* "name", "props", ... */
    size_t changed_count;
    int64_t leave_reason; /* enum parley_talo_leave_reason */
    bool online_changed;
    bool custom_status_changed;
};

/* --- results of requests --- */

struct parley_talo_result {
    /* 0 for success. Else PARLEY_E_DENIED (401, 403), _NOT_FOUND (404), _EXISTS (409), _AGAIN (429:
     * too many requests), _INVALID (400), _PROTO (an answer that is none); _TIMEOUT, _IO,
     * _CLOSED (the player was forgotten meanwhile), _NOMEM. */
    int error;
    int status;                    /* of HTTP; 0: there was no answer */
    const char *code;              /* the service's: "INVALID_CREDENTIALS", ...; or "" */
    const char *message;           /* what went wrong, in words; "" for success */
    const struct parley_val *data; /* the whole answer; NULL: it has no body */

    /* What of it there is. */
    const struct parley_talo_alias *alias;
    const struct parley_talo_player *player;
    const struct parley_talo_presence *presence;
    const struct parley_talo_channel *channel;
    const struct parley_talo_subscription *subscription;
    const struct parley_talo_group *group;
    const struct parley_talo_stored *stored; /* one value: NULL when there is none */
    const struct parley_talo_player *players;
    size_t player_count;
    const struct parley_talo_alias *members; /* of a channel */
    size_t member_count;
    const struct parley_talo_channel *channels;
    size_t channel_count;
    const struct parley_talo_subscription *subscriptions;
    size_t subscription_count;
    const struct parley_talo_prop *config;
    size_t config_count;
    const struct parley_talo_stored *storage; /* listed, or set just now */
    size_t storage_count;
    const struct parley_talo_stored *deleted;
    size_t deleted_count;
    const struct parley_talo_rejected *rejected; /* the success of the others stands */
    size_t rejected_count;
    struct parley_talo_page page; /* of a list, and of a group's members */
    const char *ticket;
    const char *socket_token;
    const char *session_token;
    const char *refresh_token;
    int64_t alias_id; /* verification_required: whose code parley_talo_verify takes; else 0 */
    bool verification_required;
};

/* The end of a request: called once, in a tick. NULL where nobody wants to know. */
typedef void parley_talo_done(struct parley_talo *talo, const struct parley_talo_result *result,
                              void *user);

/* --- life --- */

/* Set by parley_talo_config_init, then changed where wanted. Copied by create. */
struct parley_talo_config {
    struct parley_client_transport transport; /* of both; message_max bounds answers as well */
    struct parley_client_reconnect reconnect; /* of the socket; off by default, as with Talo's own
                                                 clients: parley_talo_reset is the way back */
    const char *access_key;
    const char *socket_url;      /* "wss://host[/path]"; NULL: where the API is */
    bool auto_connect;           /* open the socket at once, and again after a reset; true */
    bool is_dev_build;           /* players made from here are dev players; false */
    bool includes_dev_data;      /* lists show dev players; false */
    const char *signing_version; /* of the verification key; NULL: nothing is signed */
    const char *signing_key;     /* its value */
    int request_timeout_ms;      /* from sending a request to its answer; 15,000 */
    int requests_max;            /* that wait or are under way; more is PARLEY_E_FULL; 256 */
    size_t unsent_max;           /* bytes of messages on their way; more is PARLEY_E_FULL; 8 MiB */
    int close_timeout_ms;        /* for the service's answer to a close; 3,000 */
    int heartbeat_ms; /* send v1.heartbeat so often, and take no answer until the next for a lost
                         connection; 0, the default: pings of the service are enough */

    /* What becomes of the socket: CONNECTED (v1.connected came), CONNECT_FAILED (also: no ticket, or
     * closed with 3000 instead of v1.connected), DISCONNECTED with close_code and reason, and
     * so on. */
    void (*on_event)(struct parley_talo *talo, const struct parley_client_event *event, void *user);
    /* Every message, also one that on_error gets. */
    void (*on_message)(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user);
    void (*on_error)(struct parley_talo *talo, const struct parley_talo_error *error, void *user);
    /* The tokens of a login have changed: keep `refresh_token` for the next start of the game. Both
     * are "" when it is over. */
    void (*on_session)(struct parley_talo *talo, const char *session_token,
                       const char *refresh_token, void *user);
    void *user;
};

/* Fill in the defaults that the struct names. */
PARLEY_API void parley_talo_config_init(struct parley_talo_config *config);

/* A connection to a service: "https://host[:port][/path]". Nothing is sent yet.
 * Returns 0; PARLEY_E_INVALID for a URL or setting that makes no sense, PARLEY_E_NOMEM. */
PARLEY_API PARLEY_MUST_CHECK int parley_talo_create(struct parley_talo **out,
                                                    struct parley_client *client,
                                                    const char *api_url,
                                                    const struct parley_talo_config *config);

/* Drop it, connections, requests and all, without a word to the service or a callback. NULL is
 * fine. */
PARLEY_API void parley_talo_destroy(struct parley_talo *talo);

/* What config named, and where it lives. */
PARLEY_API void *parley_talo_user(const struct parley_talo *talo);
PARLEY_API struct parley_client *parley_talo_client(const struct parley_talo *talo);

/* --- the socket --- */

/* Open it: a ticket is asked for, then the connection made; an event tells how it ends. Once it is
 * open and there is a player, it is identified, with a new socket token where none waits.
 * Returns 0; PARLEY_E_STATE when it is opening or open, PARLEY_E_NOMEM. */
PARLEY_API int parley_talo_open(struct parley_talo *talo);

/* Close it: what was sent goes first, then the code (1000, or 3000 to 4999) and the reason (at most
 * 123 bytes; NULL: none). DISCONNECTED comes when the service has answered or close_timeout_ms are
 * over; nothing is reconnected. While it is opening: it stops, without an event.
 * Returns 0; PARLEY_E_INVALID, PARLEY_E_STATE when it is neither open nor opening. */
PARLEY_API int parley_talo_close(struct parley_talo *talo, int code, const char *reason);

/* Close it, and with auto_connect open it again once it is closed. The player stays, and is
 * identified again. Returns 0; PARLEY_E_NOMEM when it cannot be opened: it is closed then. */
PARLEY_API int parley_talo_reset(struct parley_talo *talo);

PARLEY_API bool parley_talo_is_open(const struct parley_talo *talo);       /* v1.connected came */
PARLEY_API bool parley_talo_is_identified(const struct parley_talo *talo); /* the socket is */

/* Send a message, signed if that is on and the socket is identified. `data` is an object (NULL: an
 * empty one); sendf makes it from a template (parley_val_format). Nothing is checked besides, and
 * nothing is kept for later.
 * Returns 0; PARLEY_E_STATE when the socket is not open, PARLEY_E_INVALID, PARLEY_E_FULL,
 * PARLEY_E_NOMEM. */
PARLEY_API int parley_talo_send(struct parley_talo *talo, const char *req,
                                const struct parley_val *data);
PARLEY_API int parley_talo_sendf(struct parley_talo *talo, const char *req, const char *fmt, ...)
    PARLEY_PRINTF(3, 4);

/* A message to all members of a channel, the sender too; and one to everybody whose subscription to
 * this player is confirmed. Errors as send; PARLEY_E_STATE also without a player. */
PARLEY_API int parley_talo_channel_send(struct parley_talo *talo, int64_t channel_id,
                                        const char *text);
PARLEY_API int parley_talo_broadcast(struct parley_talo *talo, const char *text);

/* --- who is playing --- */

/* The current player's alias, or NULL. Borrowed until the identity changes. */
PARLEY_API const struct parley_talo_alias *parley_talo_alias(const struct parley_talo *talo);

/* 0 when there is a player; else PARLEY_E_STATE, as the functions that need one return. */
PARLEY_API int parley_talo_identity_check(struct parley_talo *talo);

/* The tokens of a login; "" for none. Borrowed until they change. */
PARLEY_API const char *parley_talo_session_token(const struct parley_talo *talo);
PARLEY_API const char *parley_talo_refresh_token(const struct parley_talo *talo);

/* Tokens kept from before (NULL: none): parley_talo_identify with service "talo" comes next, and the
 * session is renewed as soon as the service asks for it. PARLEY_E_INVALID for what is no token,
 * PARLEY_E_NOMEM. */
PARLEY_API int parley_talo_set_session(struct parley_talo *talo, const char *session_token,
                                       const char *refresh_token);

/* Forget player and tokens, and reset the socket. Requests that were made as the player end with
 * PARLEY_E_CLOSED: those not sent yet, and those whose answer would bring player or tokens back.
 * Errors as reset. */
PARLEY_API int parley_talo_clear_identity(struct parley_talo *talo);

/* Prove with this token who the socket is for: at once, or when it opens. The library calls it
 * itself after identify, register, login and verify. PARLEY_E_STATE without a player, PARLEY_E_NOMEM,
 * PARLEY_E_FULL. */
PARLEY_API int parley_talo_set_socket_token(struct parley_talo *talo, const char *token);

/* --- requests ---
 *
 * All return 0, and then call `done` (may be NULL) once, with `user`; or, and then do not:
 * PARLEY_E_INVALID (an argument makes no sense), PARLEY_E_STATE (it needs a player, and there is
 * none), PARLEY_E_FULL (requests_max), PARLEY_E_NOMEM. Behind each: what of the result is set. */

/* Anything: a service that has no function here. `path` begins with "/v1/"; `body` may be NULL. */
PARLEY_API int parley_talo_request(struct parley_talo *talo, const char *method, const char *path,
                                   const struct parley_val *body, parley_talo_done *done,
                                   void *user);

/* Whether the service and the key are good; a ticket for a socket of your own; a token that
 * proves to a socket who it is for. */
PARLEY_API int parley_talo_health(struct parley_talo *talo, parley_talo_done *done, void *user);
PARLEY_API int parley_talo_create_ticket(struct parley_talo *talo, parley_talo_done *done,
                                         void *user); /* ticket */
PARLEY_API int parley_talo_create_socket_token(struct parley_talo *talo, parley_talo_done *done,
                                               void *user); /* socket_token; needs a player */

/* Players. identify makes the player current (and makes it, where the key may): the socket, if it is
 * identified as another, is reset, and is identified. */
PARLEY_API int parley_talo_identify(struct parley_talo *talo, const char *service,
                                    const char *identifier, parley_talo_done *done,
                                    void *user); /* alias, socket_token */
PARLEY_API int parley_talo_player_find(struct parley_talo *talo, const char *player_id,
                                       parley_talo_done *done, void *user); /* player */
PARLEY_API int parley_talo_player_search(struct parley_talo *talo, const char *query,
                                         parley_talo_done *done, void *user); /* players, page */
PARLEY_API int parley_talo_player_update(struct parley_talo *talo,
                                         const struct parley_talo_prop *props, size_t count,
                                         parley_talo_done *done,
                                         void *user); /* of the current: player, rejected */
PARLEY_API int parley_talo_player_merge(struct parley_talo *talo, const char *kept_id,
                                        const char *merged_id, parley_talo_done *done,
                                        void *user); /* player */

/* Players with a password (service "talo"). register, login and verify make the player current and
 * set the tokens; login may ask for a code by mail instead (verification_required, alias_id). The
 * session expires: a request that is refused for that is made again, once, with a new one. */
struct parley_talo_registration {
    const char *identifier;
    const char *password;
    const char *email; /* NULL: none */
    bool verification_is_on;
};
PARLEY_API int parley_talo_register(struct parley_talo *talo,
                                    const struct parley_talo_registration *registration,
                                    parley_talo_done *done, void *user); /* alias, tokens */
PARLEY_API int parley_talo_login(struct parley_talo *talo, const char *identifier,
                                 const char *password, parley_talo_done *done, void *user);
PARLEY_API int parley_talo_verify(struct parley_talo *talo, int64_t alias_id, const char *code,
                                  parley_talo_done *done, void *user);
PARLEY_API int parley_talo_refresh(struct parley_talo *talo, parley_talo_done *done,
                                   void *user); /* tokens; PARLEY_E_STATE without one */
PARLEY_API int parley_talo_logout(struct parley_talo *talo, parley_talo_done *done,
                                  void *user); /* the identity is cleared when it worked */
PARLEY_API int parley_talo_change_password(struct parley_talo *talo, const char *current,
                                           const char *password, parley_talo_done *done,
                                           void *user);
PARLEY_API int parley_talo_change_email(struct parley_talo *talo, const char *current,
                                        const char *email, parley_talo_done *done, void *user);
PARLEY_API int parley_talo_change_identifier(struct parley_talo *talo, const char *current,
                                             const char *identifier, parley_talo_done *done,
                                             void *user); /* alias, which is the current one then */
PARLEY_API int parley_talo_toggle_verification(struct parley_talo *talo, const char *current,
                                               bool is_on, const char *email,
                                               parley_talo_done *done,
                                               void *user); /* email: NULL for the one there is */
PARLEY_API int parley_talo_migrate(struct parley_talo *talo, const char *current,
                                   const char *service, const char *identifier,
                                   parley_talo_done *done, void *user); /* alias, as above */
PARLEY_API int parley_talo_delete_account(struct parley_talo *talo, const char *current,
                                          parley_talo_done *done, void *user); /* then as logout */
PARLEY_API int parley_talo_forgot_password(struct parley_talo *talo, const char *email,
                                           parley_talo_done *done, void *user);
PARLEY_API int parley_talo_reset_password(struct parley_talo *talo, const char *code,
                                          const char *password, parley_talo_done *done, void *user);

/* Presence. A NULL status leaves it as it is. */
PARLEY_API int parley_talo_presence_get(struct parley_talo *talo, const char *player_id,
                                        parley_talo_done *done, void *user); /* presence */
PARLEY_API int parley_talo_presence_update(struct parley_talo *talo, bool is_online,
                                           const char *custom_status, parley_talo_done *done,
                                           void *user); /* presence */

/* Channels. */
enum parley_talo_choice {
    PARLEY_TALO_ANY = 0, /* or: as it is */
    PARLEY_TALO_YES,
    PARLEY_TALO_NO,
};
struct parley_talo_channel_query { /* zeroed: all */
    const char *search;            /* part of the name, or of the owner's identifier */
    const char *prop_key;
    const char *prop_value; /* with prop_key */
    int page;               /* from 0 */
};
struct parley_talo_channel_setup {
    const char *name;
    const struct parley_talo_prop *props;
    size_t prop_count;
    bool auto_cleanup;
    bool is_private;
    bool temporary_membership;
};
struct parley_talo_channel_change { /* zeroed: nothing changes */
    const char *name;               /* NULL or blank: as it is */
    const struct parley_talo_prop *props;
    size_t prop_count;
    int64_t owner_alias_id; /* 0: as it is; -1: nobody */
    enum parley_talo_choice auto_cleanup;
    enum parley_talo_choice is_private;
    enum parley_talo_choice temporary_membership;
};
struct parley_talo_member_query { /* zeroed: all */
    const char *player_id;
    const char *identifier;
    const char *prop_key;
    const char *prop_value;
    const char *group_id;
    int64_t alias_id;
    int page;
};
PARLEY_API int parley_talo_channels(struct parley_talo *talo,
                                    const struct parley_talo_channel_query *query,
                                    parley_talo_done *done, void *user); /* channels, page */
PARLEY_API int parley_talo_channels_joined(struct parley_talo *talo,
                                           const struct parley_talo_channel_query *query,
                                           parley_talo_done *done,
                                           void *user); /* channels: the player's own */
PARLEY_API int parley_talo_channel_find(struct parley_talo *talo, int64_t channel_id,
                                        parley_talo_done *done, void *user); /* channel */
PARLEY_API int parley_talo_channel_create(struct parley_talo *talo,
                                          const struct parley_talo_channel_setup *setup,
                                          parley_talo_done *done, void *user); /* channel */
PARLEY_API int parley_talo_channel_update(struct parley_talo *talo, int64_t channel_id,
                                          const struct parley_talo_channel_change *change,
                                          parley_talo_done *done, void *user); /* channel */
PARLEY_API int parley_talo_channel_delete(struct parley_talo *talo, int64_t channel_id,
                                          parley_talo_done *done, void *user);
PARLEY_API int parley_talo_channel_join(struct parley_talo *talo, int64_t channel_id,
                                        parley_talo_done *done, void *user); /* channel */
PARLEY_API int parley_talo_channel_leave(struct parley_talo *talo, int64_t channel_id,
                                         parley_talo_done *done, void *user);
PARLEY_API int parley_talo_channel_invite(struct parley_talo *talo, int64_t channel_id,
                                          int64_t alias_id, parley_talo_done *done, void *user);
PARLEY_API int parley_talo_channel_members(struct parley_talo *talo, int64_t channel_id,
                                           const struct parley_talo_member_query *query,
                                           parley_talo_done *done, void *user); /* members, page */

/* Storage that the members of a channel share. */
PARLEY_API int parley_talo_storage_get(struct parley_talo *talo, int64_t channel_id,
                                       const char *key, parley_talo_done *done,
                                       void *user); /* stored */
PARLEY_API int parley_talo_storage_list(struct parley_talo *talo, int64_t channel_id,
                                        const char *const *keys, size_t count,
                                        parley_talo_done *done, void *user); /* storage */
PARLEY_API int parley_talo_storage_set(struct parley_talo *talo, int64_t channel_id,
                                       const struct parley_talo_prop *props, size_t count,
                                       parley_talo_done *done,
                                       void *user); /* channel, storage, deleted, rejected */

/* Relationships: the current player's subscriptions to others, and theirs to him. */
enum parley_talo_relationship {
    PARLEY_TALO_ANY_RELATIONSHIP = 0, /* in a query */
    PARLEY_TALO_UNIDIRECTIONAL,
    PARLEY_TALO_BIDIRECTIONAL,
};
struct parley_talo_subscription_query { /* zeroed: all */
    enum parley_talo_choice is_confirmed;
    enum parley_talo_relationship type;
    int64_t alias_id; /* of the other side; 0: any */
    int page;
};
PARLEY_API int parley_talo_subscribe(struct parley_talo *talo, int64_t alias_id,
                                     enum parley_talo_relationship type, parley_talo_done *done,
                                     void *user); /* subscription, not confirmed yet */
PARLEY_API int parley_talo_subscription_confirm(struct parley_talo *talo, int64_t subscription_id,
                                                parley_talo_done *done,
                                                void *user); /* subscription */
PARLEY_API int parley_talo_subscription_delete(struct parley_talo *talo, int64_t subscription_id,
                                               parley_talo_done *done, void *user);
PARLEY_API int parley_talo_subscribers(struct parley_talo *talo,
                                       const struct parley_talo_subscription_query *query,
                                       parley_talo_done *done,
                                       void *user); /* subscriptions, page */
PARLEY_API int parley_talo_subscriptions(struct parley_talo *talo,
                                         const struct parley_talo_subscription_query *query,
                                         parley_talo_done *done,
                                         void *user); /* subscriptions, page */
/* By the other player instead of the subscription's id: looked up first. PARLEY_E_NOT_FOUND in the
 * result when there is none. */
PARLEY_API int parley_talo_confirm_from(struct parley_talo *talo, int64_t alias_id,
                                        parley_talo_done *done, void *user); /* subscription */
PARLEY_API int parley_talo_unsubscribe_from(struct parley_talo *talo, int64_t alias_id,
                                            parley_talo_done *done, void *user);

/* The game's live config, and a group of players with a page of its members (from 0). */
PARLEY_API int parley_talo_live_config(struct parley_talo *talo, parley_talo_done *done,
                                       void *user); /* config */
PARLEY_API int parley_talo_group_find(struct parley_talo *talo, const char *group_id, int page,
                                      parley_talo_done *done, void *user); /* group, page */

#ifdef __cplusplus
}
#endif
#endif
