/* The beginning of a session as several endpoints have it: what is known before the operation, and
 * the answer behind it. Inside the endpoints of player authentication.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_AUTH_ENTRY_H
#define PL_DIALECT_TALO_AUTH_ENTRY_H

#include "dialect/talo/auth_internal.h"

/* A request's state, in its arena. */
struct pl_talo_entry {
    struct pl_talo_auth_record record; /* whose session it is to be */
    struct pl_uuid session_key;
    bool has_refresh;
    int64_t now_ms;
};

/* Make it request->state. NULL: no memory, and that is answered. */
struct pl_talo_entry *pl_talo_entry_begin(struct pl_talo_request *request, bool has_refresh);

/* Key and time of a session that begins with the operation that is submitted now. */
void pl_talo_entry_set_session(struct pl_talo_request *request);

/* Begin a session of the alias with an operation, where this hash, which lives in the request's
 * arena, is still the one in force. */
void pl_talo_entry_submit_login(struct pl_talo_request *request, int64_t alias_id,
                                struct pl_str hash, pl_talo_request_done *on_done);

/* "sessionToken", and "refreshToken" where one was asked for. */
void pl_talo_entry_write_tokens(struct pl_json_writer *out, const struct pl_talo_session *session,
                                const struct pl_talo_entry *entry);

/* 200 {alias, sessionToken, refreshToken?, socketToken} */
void pl_talo_entry_answer(struct pl_talo_request *request, const struct pl_talo_alias *alias);

#endif
