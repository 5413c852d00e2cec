/* A state machine: data is handed out in slices as long as the input allows, everything else
 * (sizes, extensions, line ends, trailers) goes through it byte by byte. */
#include "codec/http_body.h"

#include "codec/http_chars.h"

static enum pl_http_body_state first_state(enum pl_http_framing framing, uint64_t length_bytes)
{
    switch (framing) {
    case PL_HTTP_FRAMING_NONE:
        return PL_HTTP_BODY_DONE;
    case PL_HTTP_FRAMING_LENGTH:
        return length_bytes > 0 ? PL_HTTP_BODY_DATA : PL_HTTP_BODY_DONE;
    case PL_HTTP_FRAMING_CHUNKED:
        return PL_HTTP_BODY_CHUNK_SIZE;
    case PL_HTTP_FRAMING_UNTIL_CLOSE:
        return PL_HTTP_BODY_UNTIL_CLOSE;
    }
    pl_assert_failed("a framing", __FILE__, __LINE__);
}

void pl_http_body_init_framed(struct pl_http_body *body, enum pl_http_framing framing,
                              uint64_t length_bytes, uint64_t limit_bytes)
{
    *body = (struct pl_http_body){
        .state = first_state(framing, length_bytes),
        .is_chunked = framing == PL_HTTP_FRAMING_CHUNKED,
        .remaining_bytes = framing == PL_HTTP_FRAMING_LENGTH ? length_bytes : 0,
        .limit_bytes = limit_bytes,
    };
}

void pl_http_body_init(struct pl_http_body *body, const struct pl_http_request *request,
                       uint64_t limit_bytes)
{
    pl_http_body_init_framed(body,
                             request->is_chunked ? PL_HTTP_FRAMING_CHUNKED : PL_HTTP_FRAMING_LENGTH,
                             request->content_length, limit_bytes);
}

static int fail(struct pl_http_body *body, int code, struct pl_error *err, const char *reason)
{
    body->state = PL_HTTP_BODY_FAILED;
    body->failure = code;
    return pl_error_set(err, code, "%s", reason);
}

static int check_limit(struct pl_http_body *body, struct pl_error *err)
{
    /* received_bytes never passes the limit, so the difference cannot wrap. */
    if (body->remaining_bytes > body->limit_bytes - body->received_bytes) {
        return fail(body, PL_E_TOO_BIG, err, "body past the limit");
    }
    return 0;
}

static size_t read_data(struct pl_http_body *body, struct pl_str in, struct pl_str *out_slice)
{
    size_t len = in.len < body->remaining_bytes
                     ? in.len
                     : (size_t)body->remaining_bytes; /* fits: <= in.len */
    *out_slice = pl_str_first(in, len);
    body->remaining_bytes -= len;
    body->received_bytes += len;
    if (body->remaining_bytes == 0) {
        body->state = body->is_chunked ? PL_HTTP_BODY_CHUNK_CR : PL_HTTP_BODY_DONE;
    }
    return len;
}

/* What cannot be announced is judged as it comes. */
static int read_until_close(struct pl_http_body *body, struct pl_str in, struct pl_str *out_slice,
                            struct pl_error *err)
{
    if (in.len > body->limit_bytes - body->received_bytes) {
        return fail(body, PL_E_TOO_BIG, err, "body past the limit");
    }
    *out_slice = in;
    body->received_bytes += in.len;
    return 0;
}

static int read_size_byte(struct pl_http_body *body, char c, struct pl_error *err)
{
    int digit = pl_http_hex_value(c);
    if (digit >= 0) {
        if (body->framing_bytes == PL_HTTP_CHUNK_DIGITS_MAX) {
            return fail(body, PL_E_PROTO, err, "chunk size with too many digits");
        }
        body->framing_bytes++;
        body->remaining_bytes = body->remaining_bytes * 16 + (uint64_t)digit;
        return 0;
    }
    if (body->framing_bytes == 0 || (c != ';' && c != '\r')) {
        return fail(body, PL_E_PROTO, err, "chunk size is not a hexadecimal number");
    }
    body->framing_bytes = 0;
    body->state = c == ';' ? PL_HTTP_BODY_CHUNK_EXTENSION : PL_HTTP_BODY_CHUNK_SIZE_LF;
    return 0;
}

static int read_extension_byte(struct pl_http_body *body, char c, struct pl_error *err)
{
    if (c == '\r') {
        body->framing_bytes = 0;
        body->state = PL_HTTP_BODY_CHUNK_SIZE_LF;
        return 0;
    }
    if (!pl_http_char_is(c, PL_HTTP_CHAR_VALUE) ||
        body->framing_bytes == PL_HTTP_CHUNK_EXTENSION_MAX) {
        return fail(body, PL_E_PROTO, err, "chunk extension too long or with a control character");
    }
    body->framing_bytes++;
    return 0;
}

/* Trailers are header lines that come too late to be trusted:
 * their form counts, not what they say. */
static int read_trailer_byte(struct pl_http_body *body, char c, struct pl_error *err)
{
    if (body->framing_bytes == PL_HTTP_TRAILER_MAX) {
        return fail(body, PL_E_PROTO, err, "trailers too long");
    }
    body->framing_bytes++;
    if (body->state == PL_HTTP_BODY_TRAILER_START && c == '\r') {
        body->state = PL_HTTP_BODY_LAST_LF;
    } else if (body->state == PL_HTTP_BODY_TRAILER_NAME && c == ':') {
        body->state = PL_HTTP_BODY_TRAILER_VALUE;
    } else if (body->state == PL_HTTP_BODY_TRAILER_VALUE && c == '\r') {
        body->state = PL_HTTP_BODY_TRAILER_LF;
    } else if (body->state == PL_HTTP_BODY_TRAILER_VALUE) {
        if (!pl_http_char_is(c, PL_HTTP_CHAR_VALUE)) {
            return fail(body, PL_E_PROTO, err, "control character in a trailer");
        }
    } else {
        if (!pl_http_char_is(c, PL_HTTP_CHAR_TOKEN)) {
            return fail(body, PL_E_PROTO, err, "character that no trailer name may hold");
        }
        body->state = PL_HTTP_BODY_TRAILER_NAME;
    }
    return 0;
}

/* A byte that can only be this one. */
static int read_fixed_byte(struct pl_http_body *body, char c, char expected,
                           enum pl_http_body_state next, struct pl_error *err)
{
    if (c != expected) {
        return fail(body, PL_E_PROTO, err, "CRLF missing in chunked body");
    }
    body->state = next;
    return 0;
}

/* The LF behind a chunk's size: now the size counts. */
static int read_size_lf(struct pl_http_body *body, char c, struct pl_error *err)
{
    bool is_last = body->remaining_bytes == 0;
    int rc = read_fixed_byte(body, c, '\n',
                             is_last ? PL_HTTP_BODY_TRAILER_START : PL_HTTP_BODY_DATA, err);
    return rc < 0 ? rc : check_limit(body, err);
}

static int read_framing_byte(struct pl_http_body *body, char c, struct pl_error *err)
{
    switch (body->state) {
    case PL_HTTP_BODY_CHUNK_SIZE:
        return read_size_byte(body, c, err);
    case PL_HTTP_BODY_CHUNK_EXTENSION:
        return read_extension_byte(body, c, err);
    case PL_HTTP_BODY_CHUNK_SIZE_LF:
        return read_size_lf(body, c, err);
    case PL_HTTP_BODY_CHUNK_CR:
        return read_fixed_byte(body, c, '\r', PL_HTTP_BODY_CHUNK_LF, err);
    case PL_HTTP_BODY_CHUNK_LF:
        return read_fixed_byte(body, c, '\n', PL_HTTP_BODY_CHUNK_SIZE, err);
    case PL_HTTP_BODY_TRAILER_START:
    case PL_HTTP_BODY_TRAILER_NAME:
    case PL_HTTP_BODY_TRAILER_VALUE:
        return read_trailer_byte(body, c, err);
    case PL_HTTP_BODY_TRAILER_LF:
        return read_fixed_byte(body, c, '\n', PL_HTTP_BODY_TRAILER_START, err);
    case PL_HTTP_BODY_LAST_LF:
        return read_fixed_byte(body, c, '\n', PL_HTTP_BODY_DONE, err);
    case PL_HTTP_BODY_DATA:
    case PL_HTTP_BODY_UNTIL_CLOSE:
    case PL_HTTP_BODY_DONE:
    case PL_HTTP_BODY_FAILED:
        break;
    }
    pl_assert_failed("a state with framing", __FILE__, __LINE__);
}

int pl_http_body_read(struct pl_http_body *body, struct pl_str in, size_t *consumed,
                      struct pl_str *out_slice, struct pl_error *err)
{
    *consumed = 0;
    *out_slice = pl_str_first(in, 0);
    if (body->state == PL_HTTP_BODY_FAILED) {
        return pl_error_set(err, body->failure, "body was refused before");
    }
    if (body->state == PL_HTTP_BODY_DATA) { /* an announced Content-Length was not judged yet */
        int rc = check_limit(body, err);
        if (rc < 0) {
            return rc;
        }
    }
    if (body->state == PL_HTTP_BODY_UNTIL_CLOSE) {
        int rc = read_until_close(body, in, out_slice, err);
        *consumed = rc < 0 ? 0 : in.len;
        return rc;
    }
    size_t at = 0;
    while (at < in.len && body->state != PL_HTTP_BODY_DONE) {
        if (body->state == PL_HTTP_BODY_DATA) {
            at += read_data(body, pl_str_from(in, at), out_slice);
            break; /* one slice a call */
        }
        int rc = read_framing_byte(body, in.ptr[at], err);
        if (rc < 0) {
            return rc;
        }
        at++;
    }
    *consumed = at;
    return 0;
}
