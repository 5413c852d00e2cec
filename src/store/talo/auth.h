/* Operations on the logins of players (spec talo, 3.9 and 3.6.1). A password is checked outside, on
 * its hash, between two operations: what writes says which hash was the right one, and is refused
 * with CHANGED when another one is in force meanwhile.
 * Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_AUTH_H
#define PL_STORE_TALO_AUTH_H

#include "store/store.h"
#include "store/talo/entity.h"
#include "store/talo/session.h"

enum pl_talo_auth_refusal {
    PL_TALO_AUTH_NO_ALIAS = 1, /* no such alias in this game */
    PL_TALO_AUTH_NONE,         /* 400 Player does not have authentication: or not a talo alias */
    PL_TALO_AUTH_CHANGED,      /* another password by now: as if the given one had been wrong */
    PL_TALO_AUTH_EMAIL_TAKEN,  /* by another player of this game */
    PL_TALO_AUTH_IDENTIFIER_TAKEN, /* by an alias of this game */
    PL_TALO_AUTH_BAD_SESSION,      /* INVALID_SESSION: not a refresh token in force */
    PL_TALO_AUTH_NO_EMAIL,         /* nobody of this game has it */
};

/* POST /register: a new player with a `talo` alias, logged in. The groups of the player are
 * evaluated as at any creation. Refused with EMAIL_TAKEN or IDENTIFIER_TAKEN, in this order. */
struct pl_talo_op_auth_register {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid player_id; /* new ones */
    int64_t alias_id;
    bool is_dev_build;
    struct pl_str identifier; /* trimmed */
    struct pl_str password_hash;
    struct pl_str email; /* trimmed, lower case; NULL pointer: none */
    bool has_verification;
    struct pl_uuid session_key; /* a new one */
    int64_t now_ms;
    struct pl_talo_alias *alias; /* with player and auth */
};
extern const struct pl_store_op_type pl_talo_op_auth_register_type;

/* What is needed to check a password. */
struct pl_talo_auth_record {
    int64_t alias_id;
    struct pl_uuid player_id;
    struct pl_str identifier;
    struct pl_str password_hash;
    struct pl_str email; /* NULL pointer: none */
    bool has_verification;
};

enum pl_talo_auth_key {
    PL_TALO_AUTH_BY_IDENTIFIER, /* text: of a `talo` alias; refused with NO_ALIAS or NONE */
    PL_TALO_AUTH_BY_EMAIL,      /* text, lower case; refused with NO_EMAIL */
    PL_TALO_AUTH_BY_ALIAS,      /* alias_id; refused with NO_ALIAS or NONE */
};

/* The login of somebody. */
struct pl_talo_op_auth_find {
    struct pl_store_op op;
    int64_t game_id;
    enum pl_talo_auth_key by;
    struct pl_str text;
    int64_t alias_id;
    struct pl_talo_auth_record record;
};
extern const struct pl_store_op_type pl_talo_op_auth_find_type;

/* The end of /login and /verify: a new session; alias and player were seen now, the groups are
 * evaluated again. Refused with NO_ALIAS, NONE or CHANGED. */
struct pl_talo_op_auth_login {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    struct pl_uuid session_key;  /* a new one */
    int64_t now_ms;
    struct pl_talo_alias *alias; /* with player and auth */
};
extern const struct pl_store_op_type pl_talo_op_auth_login_type;

/* POST /refresh: the token is checked, and a new session key makes the pair before void. Refused
 * with BAD_SESSION. */
struct pl_talo_op_auth_refresh {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_str token;
    struct pl_uuid session_key; /* a new one */
    int64_t now_ms;
    struct pl_talo_session session; /* the new one */
};
extern const struct pl_store_op_type pl_talo_op_auth_refresh_type;

/* POST /logout: no session any more. Refused with NO_ALIAS or NONE. */
struct pl_talo_op_auth_logout {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
};
extern const struct pl_store_op_type pl_talo_op_auth_logout_type;

/* POST /change_password, which keeps the session. Refused with NO_ALIAS, NONE or CHANGED. */
struct pl_talo_op_auth_set_password {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    struct pl_str new_hash;
};
extern const struct pl_store_op_type pl_talo_op_auth_set_password_type;

/* POST /reset_password: a new password, and no session any more. Refused with NO_ALIAS or NONE. */
struct pl_talo_op_auth_reset_password {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str new_hash;
};
extern const struct pl_store_op_type pl_talo_op_auth_reset_password_type;

/* POST /change_email and PATCH /toggle_verification. Refused with NO_ALIAS, NONE, CHANGED or
 * EMAIL_TAKEN. */
struct pl_talo_op_auth_set_email {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    bool sets_email;
    struct pl_str email; /* trimmed, lower case */
    bool sets_verification;
    bool has_verification; /* needs an address, given or there: refused with NO_EMAIL without */
};
extern const struct pl_store_op_type pl_talo_op_auth_set_email_type;

/* POST /change_identifier. Refused with NO_ALIAS, NONE, CHANGED or IDENTIFIER_TAKEN (by an alias of
 * any service). */
struct pl_talo_op_auth_set_identifier {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    struct pl_str identifier;    /* trimmed, lower case */
    int64_t now_ms;
    struct pl_talo_alias *alias; /* with player and auth */
};
extern const struct pl_store_op_type pl_talo_op_auth_set_identifier_type;

/* POST /migrate: the alias keeps its id and belongs to another service from now on; the login is
 * gone. Refused with NO_ALIAS, NONE, CHANGED or IDENTIFIER_TAKEN (in that service). */
struct pl_talo_op_auth_migrate {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    struct pl_str service;       /* trimmed, not "talo" */
    struct pl_str identifier;    /* trimmed */
    int64_t now_ms;
    struct pl_talo_alias *alias; /* with player; without auth */
};
extern const struct pl_store_op_type pl_talo_op_auth_migrate_type;

/* DELETE /v1/players/auth: the alias and the login are gone, the player stays. With the alias go
 * its memberships, the subscriptions from it and to it, and the storage props that it created or
 * updated last; its channels have no owner any more. No events; open sockets stay open. Refused with
 * NO_ALIAS, NONE or CHANGED. */
struct pl_talo_op_auth_delete {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    struct pl_str password_hash; /* that was right */
    struct pl_uuid player_id;
    /* What it took part in, for those who keep track of that: in ascending order. */
    int64_t *channels; /* whose member it was */
    size_t channel_count;
    int64_t *owned; /* channels whose owner it was */
    size_t owned_count;
    int64_t *targets; /* aliases whose broadcasts it received */
    size_t target_count;
    int64_t *subscribers; /* aliases that received its own */
    size_t subscriber_count;
};
extern const struct pl_store_op_type pl_talo_op_auth_delete_type;

#endif
