/* Requests put together: a target from a template, members of a JSON body. */
#include "client/talo_internal.h"

#include "base/alloc.h"

#include <stdarg.h>

#define BODY_MAX ((size_t)1024 * 1024) /* the service takes no more */
#define TARGET_MAX 65536

struct pl_talo_call *pl_talo_call_for(const char *method, parley_talo_done *done, void *user,
                                      const char *target, ...)
{
    struct pl_talo_call *call = pl_try_alloc(sizeof(*call));
    if (call != NULL) {
        va_list list;
        *call = (struct pl_talo_call){.method = method, .done = done, .user = user};
        pl_buf_init(&call->target, TARGET_MAX);
        pl_buf_init(&call->body, BODY_MAX);
        va_start(list, target);
        pl_buf_addv(&call->target, target, list);
        va_end(list);
    }
    return call;
}

void pl_talo_put_text(struct pl_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL) {
        pl_json_key(writer, pl_str_of_cstr(key));
        pl_json_put_string(writer, pl_str_of_cstr(text));
    }
}

void pl_talo_put_bool(struct pl_json_writer *writer, const char *key, bool value)
{
    pl_json_key(writer, pl_str_of_cstr(key));
    pl_json_put_bool(writer, value);
}

void pl_talo_put_int(struct pl_json_writer *writer, const char *key, int64_t value)
{
    pl_json_key(writer, pl_str_of_cstr(key));
    pl_json_put_i64(writer, value);
}

void pl_talo_put_props(struct pl_json_writer *writer, const struct parley_talo_prop *props,
                       size_t count)
{
    pl_json_key(writer, PL_STR("props"));
    pl_json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        pl_json_object_begin(writer);
        pl_talo_put_text(writer, "key", props[i].key);
        if (props[i].value == NULL) {
            pl_json_key(writer, PL_STR("value"));
            pl_json_put_null(writer);
        }
        pl_talo_put_text(writer, "value", props[i].value);
        pl_json_object_end(writer);
    }
    pl_json_array_end(writer);
}
