/* What the files of the REST engine share.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_REST_INTERNAL_H
#define PL_DIALECT_TALO_REST_INTERNAL_H

#include "base/list.h"
#include "dialect/talo/rest.h"
#include "dialect/talo/rest_fields.h"
#include "dialect/talo/rest_limit.h"

#define PL_TALO_BODY_BYTES_MAX ((size_t)1024 * 1024)          /* spec 3.2, step 2 */
#define PL_TALO_REQUEST_ARENA_BYTES ((size_t)8 * 1024 * 1024) /* a body of many small props */
#define PL_TALO_OP_ARENA_BYTES ((size_t)16 * 1024 * 1024)     /* a page of large players */
#define PL_TALO_ANSWER_BYTES_MAX ((size_t)32 * 1024 * 1024)

struct pl_talo_rest {
    struct pl_web *web;
    struct pl_talo *talo;
    const struct pl_log *log;
    struct pl_log_limit key_log_limit; /* of refused access keys */
    struct pl_talo_rest_limits limits;
    struct pl_talo_auth_service *auth;
    struct pl_talo_profanity profanity;
    struct pl_talo_limiter *limiter;
    struct pl_list calls; /* requests that are not over */
};

enum pl_talo_body_kind {
    PL_TALO_BODY_NONE, /* counts as {} */
    PL_TALO_BODY_OBJECT,
    PL_TALO_BODY_ARRAY,
    PL_TALO_BODY_FORM,
};

/* A request as the engine has it. */
struct pl_talo_rest_call {
    struct pl_talo_request base;
    struct pl_web_request *web; /* kept: its text is good until the call is over */
    struct pl_list in_calls;    /* on rest->calls */
    unsigned ref_count;         /* the engine's steps, operations under way, holds */
    bool is_answered;
    struct pl_str path;    /* still escaped, without a trailing slash */
    struct pl_str segment; /* in the place of {id}; still escaped */
    enum pl_talo_body_kind body_kind;
    struct pl_str body;                  /* of OBJECT and FORM */
    struct pl_talo_field_errors *errors; /* while the body is validated */
    pl_talo_request_done *on_done;       /* of the operation under way; NULL: none */
    struct pl_buf answer;
    struct pl_json_writer writer;
};

static inline struct pl_talo_rest_call *pl_talo_rest_call_of(struct pl_talo_request *request)
{
    return PL_CONTAINER_OF(request, struct pl_talo_rest_call, base);
}

/* --- rest_call.c --- */

struct pl_talo_rest_call *pl_talo_rest_call_create(struct pl_talo_rest *rest,
                                                   struct pl_web_request *web);
void pl_talo_rest_call_ref(struct pl_talo_rest_call *call);
void pl_talo_rest_call_unref(struct pl_talo_rest_call *call); /* with the last one it is over */
void pl_talo_rest_call_free(struct pl_talo_rest_call *call);

/* The value of a header; its ptr is NULL when there is none. */
struct pl_str pl_talo_rest_call_header(const struct pl_talo_rest_call *call, struct pl_str name);

/* --- rest_answer.c --- */

/* Send what is written in call->answer, or `body`. */
void pl_talo_rest_call_send(struct pl_talo_rest_call *call, int status, struct pl_str body,
                            const struct pl_web_header *extra);

/* --- rest_steps.c --- */

/* All of 3.2 from step 2 on. */
void pl_talo_rest_call_start(struct pl_talo_rest_call *call);

/* --- rest_input.c --- */

/* Step 2. False: the body was bad, and that is answered. */
bool pl_talo_rest_call_read_body(struct pl_talo_rest_call *call);

/* Whether the request has a proper alias header: digits and nothing else, of whatever value. */
bool pl_talo_rest_call_has_alias(const struct pl_talo_rest_call *call);

/* Step 8. False: it was refused, and that is answered. */
bool pl_talo_rest_call_validate(struct pl_talo_rest_call *call);

#endif
