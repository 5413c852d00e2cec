/* What the files of player authentication share: the service, and steps that wait for the crypto
 * pool.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_AUTH_INTERNAL_H
#define PL_DIALECT_TALO_AUTH_INTERNAL_H

#include "dialect/talo/auth_codes.h"
#include "dialect/talo/auth_service.h"
#include "dialect/talo/rest.h"
#include "store/talo/auth.h"

#include <locale.h>

struct pl_talo_auth_service {
    struct pl_talo_auth_config config;
    struct pl_talo_codes login_codes;
    struct pl_talo_codes reset_codes;
    locale_t locale; /* for lower case */
};

/* --- auth_service.c --- */

/* Make a code and mail it. Whether the mail arrives is told in the log alone. */
void pl_talo_auth_send_login_code(struct pl_talo_request *request,
                                  const struct pl_talo_auth_record *record);
void pl_talo_auth_send_reset_code(struct pl_talo_request *request,
                                  const struct pl_talo_auth_record *record);

/* --- auth_step.c --- */

/* The address that a player gave: trimmed, lower case; its ptr is NULL for a blank one, which means
 * none. False: the request is answered (no memory). */
PL_MUST_CHECK bool pl_talo_auth_read_email(struct pl_str *out, struct pl_talo_request *request,
                                           struct pl_str text);
PL_MUST_CHECK bool pl_talo_auth_lower(struct pl_str *out, struct pl_talo_request *request,
                                      struct pl_str text);

/* Compare a password with a hash, which lives in the request's arena, and go on. A pool that takes
 * nothing more is answered with 500, and `next` is not called then, nor when the client has left. */
void pl_talo_auth_verify(struct pl_talo_request *request, struct pl_str password,
                         struct pl_str hash,
                         void (*next)(struct pl_talo_request *request, bool is_right));

/* Hash a password at the cost of the settings, and go on. `hash` is in the request's arena. */
void pl_talo_auth_hash(struct pl_talo_request *request, struct pl_str password,
                       void (*next)(struct pl_talo_request *request, struct pl_str hash));

/* What an operation found, copied into the request's arena. False: the request is answered. */
PL_MUST_CHECK bool pl_talo_auth_keep(struct pl_talo_auth_record *out,
                                     struct pl_talo_request *request,
                                     const struct pl_talo_auth_record *record);

/* The answer to a refusal by the store that the endpoint has no other words for. */
void pl_talo_auth_answer_refusal(struct pl_talo_request *request, int refusal);

void pl_talo_auth_answer_bad_email(struct pl_talo_request *request);

/* --- the endpoints: fields and handlers of the rows in rest_auth.c --- */

extern const struct pl_talo_field pl_talo_auth_register_fields[];
extern const struct pl_talo_field pl_talo_auth_login_fields[];
extern const struct pl_talo_field pl_talo_auth_verify_fields[];
extern const struct pl_talo_field pl_talo_auth_refresh_fields[];
extern const struct pl_talo_field pl_talo_auth_password_fields[];
extern const struct pl_talo_field pl_talo_auth_email_fields[];
extern const struct pl_talo_field pl_talo_auth_identifier_fields[];
extern const struct pl_talo_field pl_talo_auth_verification_fields[];
extern const struct pl_talo_field pl_talo_auth_delete_fields[];
extern const struct pl_talo_field pl_talo_auth_migrate_fields[];
extern const struct pl_talo_field pl_talo_auth_forgot_fields[];
extern const struct pl_talo_field pl_talo_auth_reset_fields[];

void pl_talo_auth_check_register(struct pl_talo_request *request);
void pl_talo_auth_register(struct pl_talo_request *request);
void pl_talo_auth_login(struct pl_talo_request *request);
void pl_talo_auth_verify_code(struct pl_talo_request *request);
void pl_talo_auth_refresh(struct pl_talo_request *request);
void pl_talo_auth_logout(struct pl_talo_request *request);
void pl_talo_auth_change_password(struct pl_talo_request *request);
void pl_talo_auth_change_email(struct pl_talo_request *request);
void pl_talo_auth_change_identifier(struct pl_talo_request *request);
void pl_talo_auth_toggle_verification(struct pl_talo_request *request);
void pl_talo_auth_delete(struct pl_talo_request *request);
void pl_talo_auth_migrate(struct pl_talo_request *request);
void pl_talo_auth_forgot_password(struct pl_talo_request *request);
void pl_talo_auth_reset_password(struct pl_talo_request *request);

#endif
