/* A change that needs the current password, as several endpoints have it: the login is found, the
 * password compared, and what is left to be looked at is the endpoint's. Inside the endpoints of
 * player authentication.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_AUTH_CHANGE_H
#define PL_DIALECT_TALO_AUTH_CHANGE_H

#include "dialect/talo/auth_internal.h"

enum { PL_TALO_CURRENT_PASSWORD }; /* the first field of each such table */
#define PL_TALO_CURRENT_PASSWORD_FIELD                                                             \
    [PL_TALO_CURRENT_PASSWORD] = {.name = "currentPassword", .kind = PL_TALO_FIELD_STRING}

/*   check  optional: looks at what was found before the password is looked at. False: answered
 *   apply  the password was right: submits what writes, with the hash of the record */
void pl_talo_change_begin(struct pl_talo_request *request,
                          bool (*check)(struct pl_talo_request *request,
                                        const struct pl_talo_auth_record *record),
                          void (*apply)(struct pl_talo_request *request));

/* The login that was found; in the request's arena. */
const struct pl_talo_auth_record *pl_talo_change_record(const struct pl_talo_request *request);

/* How a change without an answer of its own ends: 204, or the refusal. */
void pl_talo_change_done(struct pl_talo_request *request, struct pl_store_op *op);

/* 200 {alias} */
void pl_talo_change_answer_alias(struct pl_talo_request *request,
                                 const struct pl_talo_alias *alias);

#endif
