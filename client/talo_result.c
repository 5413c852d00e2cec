/* An answer of the service as a result: its status as an error, its body as structs, and what went
 * wrong in words. */
#include "client/talo_internal.h"

#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "value/wire.h"

#include <stdio.h>

#define WORDS_MAX 400

void pl_talo_result_fail(struct parley_talo_result *out, int error, const char *message)
{
    *out = (struct parley_talo_result){.error = error};
    pl_talo_shape_clear(out, &pl_talo_result_shape);
    out->message = message;
}

void pl_talo_result_spoil(struct parley_talo_result *result, int rc)
{
    result->error = rc;
    result->message = rc == PL_E_NOMEM ? "no memory for a player"
                                       : "the service answered without a player that makes sense";
}

static int error_of_status(int status)
{
    switch (status) {
    case 400:
        return PL_E_INVALID;
    case 401:
    case 403:
        return PL_E_DENIED;
    case 404:
        return PL_E_NOT_FOUND;
    case 409:
        return PL_E_EXISTS;
    case 413:
        return PL_E_TOO_BIG;
    case 429:
        return PL_E_AGAIN;
    default:
        return status >= 500 ? PL_E_IO : status >= 200 && status < 300 ? 0 : PL_E_PROTO;
    }
}

/* --- words --- */

/* Append a raw JSON string as text, cut at WORDS_MAX in all; nothing for what is none. */
static void add_words(char *words, struct pl_str raw)
{
    size_t len = strlen(words);
    ptrdiff_t count = -1;
    if (raw.len > 0 && raw.len < WORDS_MAX - len && pl_json_raw_kind(raw) == PL_JSON_STRING) {
        count = pl_json_string_copy(words + len, raw);
    }
    words[count < 0 ? len : len + (size_t)count] = '\0';
}

/* {"errors":{"props.0.key":["text", ...]}}: the first of them. */
static void write_validation(char *words, struct pl_str body)
{
    struct pl_json_walk members;
    struct pl_json_walk texts;
    struct pl_str errors;
    struct pl_str path;
    struct pl_str list;
    struct pl_str text;
    if (!pl_json_object_find(&errors, body, PL_STR("errors"))) {
        return;
    }
    pl_json_object_walk(&members, errors);
    if (!pl_json_object_next(&path, &list, &members)) {
        return;
    }
    pl_json_array_walk(&texts, list);
    if (pl_json_array_next(&text, &texts)) {
        add_words(words, path);
        strcat(words, words[0] == '\0' ? "" : ": ");
        add_words(words, text);
    }
}

static int name_error(struct parley_talo_result *out, struct pl_arena *arena, struct pl_str body)
{
    char words[WORDS_MAX + 8] = "";
    struct pl_str copy;
    if (out->message[0] != '\0') {
        return 0;
    }
    if (body.len > 0) {
        write_validation(words, body);
    }
    if (words[0] == '\0') {
        snprintf(words, sizeof(words), "the service answered with status %d", out->status);
    }
    if (!pl_arena_copy(&copy, arena, pl_str_of_cstr(words))) {
        return PL_E_NOMEM;
    }
    out->message = copy.ptr;
    return 0;
}

/* --- all of it --- */

/* Returns 0; PL_E_PROTO when it is no object; PL_E_NOMEM. */
static int read_body(struct parley_talo_result *out, struct pl_arena *arena, struct pl_str body)
{
    int rc = 0;
    if (pl_json_validate(body, PL_TALO_DEPTH_MAX, NULL) < 0) {
        return PL_E_PROTO;
    }
    rc = pl_talo_shape_read(out, arena, &pl_talo_result_shape, body);
    if (rc == 0) {
        out->data = pl_val_of_wire(body, PL_TALO_DEPTH_MAX);
        rc = out->data == NULL ? PL_E_NOMEM : 0;
    }
    return rc;
}

/* "message" is of an error; in others it is nobody's. */
static int read_all(struct parley_talo_result *out, struct pl_arena *arena, struct pl_str body)
{
    int rc = body.len == 0 ? 0 : read_body(out, arena, body);
    if (rc == PL_E_NOMEM) {
        return rc;
    }
    if (out->error == 0) {
        out->message = "";
        return rc;
    }
    return name_error(out, arena, rc < 0 ? PL_STR("") : body); /* a proxy's page is no reason */
}

void pl_talo_result_read(struct parley_talo_result *out, struct pl_arena *arena, int status,
                         struct pl_str body)
{
    int rc = 0;
    pl_talo_result_fail(out, error_of_status(status), "");
    out->status = status;
    rc = read_all(out, arena, body);
    if (rc < 0) {
        parley_val_unref(out->data);
        pl_talo_result_fail(out, rc,
                            rc == PL_E_NOMEM ? "no memory for an answer"
                                             : "the service answered with what is no JSON object");
        out->status = status;
    }
}
