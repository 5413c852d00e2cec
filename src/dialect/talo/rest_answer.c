/* Answers (spec talo, 3.5): always a JSON object, or nothing with 204. */
#include "dialect/talo/rest_internal.h"

#include "dialect/talo/rest_fields.h"

void pl_talo_rest_call_send(struct pl_talo_rest_call *call, int status, struct pl_str body,
                            const struct pl_web_header *extra)
{
    struct pl_web_header headers[2] = {
        {PL_STR("Content-Type"), PL_STR("application/json; charset=utf-8")}};
    size_t count = body.len > 0 ? 1 : 0;
    if (call->is_answered) {
        return; /* once: a handler that is asked twice is ours, and the client has its answer */
    }
    if (extra != NULL) {
        headers[count++] = *extra;
    }
    if (pl_talo_request_is_gone(&call->base)) {
        return;
    }
    call->is_answered = true;
    pl_web_respond(call->web,
                   &(struct pl_web_response){
                       .status = status, .headers = headers, .header_count = count, .body = body});
}

struct pl_json_writer *pl_talo_answer_begin(struct pl_talo_request *request)
{
    struct pl_talo_rest_call *call = pl_talo_rest_call_of(request);
    pl_buf_clear(&call->answer);
    pl_json_writer_init(&call->writer, &call->answer);
    pl_json_object_begin(&call->writer);
    return &call->writer;
}

void pl_talo_answer_end(struct pl_talo_request *request, int status)
{
    struct pl_talo_rest_call *call = pl_talo_rest_call_of(request);
    pl_json_object_end(&call->writer);
    if (pl_buf_failed(&call->answer)) {
        pl_talo_answer_failed(request);
        return;
    }
    pl_talo_rest_call_send(call, status, pl_buf_str(&call->answer), NULL);
}

void pl_talo_answer_empty(struct pl_talo_request *request)
{
    pl_talo_rest_call_send(pl_talo_rest_call_of(request), 204, PL_STR(""), NULL);
}

void pl_talo_answer_error(struct pl_talo_request *request, int status, const char *code,
                          const char *fmt, ...)
{
    struct pl_buf message;
    va_list args;
    pl_buf_init(&message, PL_TALO_ANSWER_BYTES_MAX);
    va_start(args, fmt);
    pl_buf_addv(&message, fmt, args);
    va_end(args);
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("message"));
    pl_json_put_string(out, pl_buf_str(&message));
    if (code != NULL) {
        pl_json_key(out, PL_STR("errorCode"));
        pl_json_put_string(out, pl_str_of_cstr(code));
    }
    pl_talo_answer_end(request, status);
    pl_buf_fini(&message);
}

void pl_talo_answer_invalid(struct pl_talo_request *request, const char *field, const char *text)
{
    struct pl_talo_field_errors errors;
    pl_talo_field_errors_init(&errors);
    pl_talo_field_errors_add(&errors, pl_str_of_cstr(field), pl_str_of_cstr(text));
    pl_talo_rest_call_send(pl_talo_rest_call_of(request), 400, pl_talo_field_errors_end(&errors),
                           NULL);
    pl_talo_field_errors_fini(&errors);
}

void pl_talo_answer_failed(struct pl_talo_request *request)
{
    pl_talo_rest_call_send(pl_talo_rest_call_of(request), 500,
                           PL_STR("{\"message\":\"Something went wrong, please try again later\"}"),
                           NULL);
}

void pl_talo_answer_no_player(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 404, NULL, "Player not found");
}

void pl_talo_answer_no_session(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 401, "MISSING_SESSION",
                         "The x-talo-session header is required for this player");
}

void pl_talo_answer_bad_session(struct pl_talo_request *request)
{
    pl_talo_answer_error(request, 401, "INVALID_SESSION", "The x-talo-session header is invalid");
}

void pl_talo_answer_too_many_props(struct pl_talo_request *request)
{
    pl_talo_answer_invalid(request, "props", "The props of one player are limited to 1 MiB");
}

void pl_talo_write_page_end(struct pl_json_writer *out, int64_t count, int64_t page,
                            int64_t per_page)
{
    pl_json_key(out, PL_STR("count"));
    pl_json_put_i64(out, count);
    pl_json_key(out, PL_STR("itemsPerPage"));
    pl_json_put_i64(out, per_page);
    pl_json_key(out, PL_STR("isLastPage"));
    /* without a product that could overflow */
    pl_json_put_bool(out, page >= (count + per_page - 1) / per_page - 1);
}
