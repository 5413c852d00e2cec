/* Talo's REST interface (spec talo, section 3): a table of endpoints, and what a handler sees of a
 * request and answers it with. The engine does everything else in the order of 3.2, so a handler
 * begins with a valid key, session, signature, input, scopes and acting alias.
 *
 * To add endpoints: a file rest_<noun>.c with its handlers and one table
 * `const struct pl_talo_route pl_talo_<noun>_routes[]`, ended by a zeroed row, and that table's name
 * in rest_routes.h and rest_routes.c.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_REST_H
#define PL_DIALECT_TALO_REST_H

#include "codec/json_write.h"
#include "service/talo/talo.h"
#include "store/talo/props.h"
#include "web/web.h"

struct pl_talo_rest;
struct pl_talo_request;
struct pl_talo_auth_service; /* of the endpoints of player authentication */

/* --- fields of bodies, queries and paths (spec 3.5) --- */

enum pl_talo_field_kind {
    PL_TALO_FIELD_STRING,
    PL_TALO_FIELD_BOOL,
    PL_TALO_FIELD_NUMBER,      /* .number, and .integer when it is one */
    PL_TALO_FIELD_INT,         /* of a query or path also as text; .integer */
    PL_TALO_FIELD_PAGE,        /* an INT >= 0; 0 when it is absent or empty */
    PL_TALO_FIELD_UUID,        /* a string; .uuid */
    PL_TALO_FIELD_ENUM,        /* one of the strings of `options`; .option is its index */
    PL_TALO_FIELD_STRINGS,     /* of a query, repeated: .strings; of a body an array of strings */
    PL_TALO_FIELD_PROPS,       /* create: array of {key: string, value: string}; .props */
    PL_TALO_FIELD_PROP_CHANGES /* update: value may be null; .changes */
};

enum {
    PL_TALO_OPTIONAL = 1,  /* may be absent */
    PL_TALO_NULLABLE = 2,  /* may be null */
    PL_TALO_NON_EMPTY = 4, /* a string of at least one character */
};

/* What was given. Text is valid UTF-8 without U+0000; it lives in the request's arena. */
struct pl_talo_value {
    bool is_given; /* there, and not null */
    bool is_null;
    bool boolean;
    double number;
    int64_t integer; /* out of the range of safe integers: as near as possible, never found */
    struct pl_str text;
    struct pl_uuid uuid;
    size_t option;
    const struct pl_str *strings;
    size_t string_count;
    struct pl_talo_props props;
    struct pl_talo_prop_changes changes;
};

/* One row. Texts are those of 3.5 where none is given here:
 * "Invalid input: expected string, received undefined". */
struct pl_talo_field {
    const char *name; /* NULL ends a table */
    enum pl_talo_field_kind kind;
    unsigned flags;
    const char *invalid;        /* missing or of a wrong type; NULL: the standard text */
    const char *empty;          /* of NON_EMPTY; NULL: the standard text */
    const char *const *options; /* of ENUM; ended by NULL */
    /* Optional: asked for a value that is given and fits its kind. A text: it is refused. */
    const char *(*check)(const struct pl_talo_value *value);
};

/* A `check` of names, identifiers and statuses: they have at most 255 UTF-16 units. */
const char *pl_talo_check_name(const struct pl_talo_value *value);

/* --- endpoints --- */

enum {
    PL_TALO_NEEDS_ALIAS = 1,        /* A: the header, and an alias of the game: 404 else */
    PL_TALO_NEEDS_ALIAS_HEADER = 2, /* the header alone */
    PL_TALO_NEEDS_PLAYER = 4,       /* P */
    PL_TALO_NEEDS_SESSION = 8,      /* S */
    PL_TALO_IS_PUBLIC = 16,         /* no access key, and nothing that follows from it; no limit */
    PL_TALO_SKIPS_SESSION = 32,     /* no session check (refresh), and no acting alias */
};

/* One endpoint. `{id}` in the pattern is one whole segment; a row with a static segment in its
 * place wins. Routes are found by method and path together; a GET row serves HEAD. */
struct pl_talo_route {
    enum pl_http_method method;
    const char *pattern; /* "/v1/game-channels/{id}/join"; NULL ends a table */
    uint32_t scopes;     /* all of them are needed */
    unsigned flags;
    const struct pl_talo_field *body; /* of POST, PUT, PATCH, DELETE; NULL: it is not looked at */
    const struct pl_talo_field *query;
    const struct pl_talo_field *path; /* one row, named "id"; NULL: any text, in request->id.text */
    /* Optional: what needs several fields. Called when the body's own fields are right; refuses by
     * pl_talo_request_refuse_field. */
    void (*check_body)(struct pl_talo_request *request);
    /* Answers, now or later. */
    void (*handler)(struct pl_talo_request *request);
};

/* --- what a handler sees --- */

#define PL_TALO_FIELDS_MAX 16 /* rows of one group */

/* Read it; write through the functions below. */
struct pl_talo_request {
    struct pl_talo_rest *rest;
    struct pl_talo *talo;
    const struct pl_talo_route *route;
    struct pl_arena arena; /* lives as long as the request */

    int64_t game_id;
    struct pl_talo_key key;      /* as it was when the request was let in */
    int64_t alias_id;            /* of x-talo-alias, where it is one of the game's aliases; or 0 */
    struct pl_uuid player_id;    /* of x-talo-player, where the route needs it */
    struct pl_str session_token; /* of x-talo-session; NULL pointer: none */
    bool is_dev_build;           /* x-talo-dev-build */
    bool includes_dev_data;      /* x-talo-include-dev-data */

    /* In the order of the route's rows: use enumerations as indexes. */
    struct pl_talo_value body[PL_TALO_FIELDS_MAX];
    struct pl_talo_value query[PL_TALO_FIELDS_MAX];
    struct pl_talo_value id;

    void *state; /* the handler's, between its steps; in the arena */
};

/* The word filter for props, zeroed unless the request's game blocks profanity there. */
struct pl_talo_profanity pl_talo_request_profanity(const struct pl_talo_request *request);

/* Whether the game blocks profane identifiers and this is one, which is answered then: 400
 * IDENTIFIER_PROFANITY. */
bool pl_talo_request_refuse_profane(struct pl_talo_request *request, struct pl_str identifier);

/* --- waiting --- */

/* An operation for this request; fill it in, copying texts that do not live in request->arena: what
 * is in that arena lives until the operation is back, whatever the client does. */
struct pl_store_op *pl_talo_request_op(struct pl_talo_request *request,
                                       const struct pl_store_op_type *type);

/* Submit it. `on_done` is called when it was done or refused (rc 0 or 1); the engine frees it
 * afterwards. A failing store is answered by the engine (500), and so on_done is not called then,
 * nor when the client has left meanwhile. */
typedef void pl_talo_request_done(struct pl_talo_request *request, struct pl_store_op *op);
void pl_talo_request_submit(struct pl_talo_request *request, struct pl_store_op *op,
                            pl_talo_request_done *on_done);

/* For waiting on something else (the crypto pool): hold it, and release it after the answer. A held
 * request stays in memory when its client leaves; answering it is then without effect. */
void pl_talo_request_hold(struct pl_talo_request *request);
void pl_talo_request_release(struct pl_talo_request *request);
bool pl_talo_request_is_gone(const struct pl_talo_request *request); /* the client has left */

/* --- answering: exactly once --- */

/* A JSON object: `begin` opens it, `end` closes and sends it. */
struct pl_json_writer *pl_talo_answer_begin(struct pl_talo_request *request);
void pl_talo_answer_end(struct pl_talo_request *request, int status);

void pl_talo_answer_empty(struct pl_talo_request *request); /* 204 */

/* {"message":...,"errorCode":...}; code: NULL for none. */
void pl_talo_answer_error(struct pl_talo_request *request, int status, const char *code,
                          const char *fmt, ...) PL_PRINTF(4, 5);

/* 400 {"errors":{"<field>":["<text>"]}} */
void pl_talo_answer_invalid(struct pl_talo_request *request, const char *field, const char *text);
void pl_talo_answer_failed(struct pl_talo_request *request); /* 500 */

/* What several endpoints have to say: */
void pl_talo_answer_no_player(struct pl_talo_request *request);      /* 404 */
void pl_talo_answer_no_session(struct pl_talo_request *request);     /* 401 MISSING_SESSION */
void pl_talo_answer_bad_session(struct pl_talo_request *request);    /* 401 INVALID_SESSION */
void pl_talo_answer_too_many_props(struct pl_talo_request *request); /* 400; of one player */

/* {"<items>":[ has been written with the writer of `begin`; this adds the rest of a page:
 * "count", "itemsPerPage", "isLastPage". */
void pl_talo_write_page_end(struct pl_json_writer *out, int64_t count, int64_t page,
                            int64_t per_page);

/* In check_body: the request is refused with this text for this field. */
void pl_talo_request_refuse_field(struct pl_talo_request *request, const char *field,
                                  const char *text);

/* --- the engine --- */

struct pl_talo_rest_limits {
    uint32_t auth_per_minute; /* requests of one address; 0: no limit (spec 3.4) */
    uint32_t default_per_minute;
};

struct pl_talo_rest_config {
    struct pl_web *web;
    struct pl_talo *talo;
    const struct pl_log *log;
    struct pl_talo_rest_limits limits;
    struct pl_talo_auth_service *auth;  /* borrowed */
    struct pl_talo_profanity profanity; /* zeroed: no word is profane */
    const char *owner;                  /* of its web routes: "talo" */
};

/* Its routes join those of `web`: /v1 and /public/health. */
PL_MUST_CHECK int pl_talo_rest_create(struct pl_talo_rest **out,
                                      const struct pl_talo_rest_config *config,
                                      struct pl_error *err);
void pl_talo_rest_destroy(struct pl_talo_rest *rest); /* NULL is fine; all requests are over */

/* Other limits from now on. */
void pl_talo_rest_set_limits(struct pl_talo_rest *rest, const struct pl_talo_rest_limits *limits);

struct pl_talo_auth_service *pl_talo_rest_auth(const struct pl_talo_rest *rest);

#endif
