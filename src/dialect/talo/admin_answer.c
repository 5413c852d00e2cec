/* What a task says: why it failed, and the members of its result. */
#include "dialect/talo/admin_task.h"

#include "codec/json_raw.h"
#include "dialect/talo/write.h"

#include <stdio.h>

#define PROP_BYTES_MAX ((size_t)2 * 1024 * 1024) /* of all that are rejected */

int pl_talo_task_fail(struct pl_talo_task *task, int code, const char *fmt, ...)
{
    va_list args;
    task->err.code = code;
    va_start(args, fmt);
    vsnprintf(task->err.text, sizeof(task->err.text), fmt, args);
    va_end(args);
    return code;
}

int pl_talo_task_fail_missing(struct pl_talo_task *task, const char *kind, struct pl_str id)
{
    return pl_talo_task_fail(task, PL_E_NOT_FOUND, "there is no %s %.*s (parley talo %s list)",
                             kind, (int)pl_size_min(id.len, 60), id.ptr, kind);
}

int pl_talo_task_fail_props(struct pl_talo_task *task,
                            const struct pl_talo_rejected_props *rejected)
{
    struct pl_buf text;
    struct pl_json_writer out;
    struct pl_str raw;
    struct pl_json_walk walk;
    pl_buf_init(&text, PROP_BYTES_MAX);
    pl_json_writer_init(&out, &text);
    pl_talo_write_rejected(&out, rejected);
    pl_json_array_walk(&walk, pl_buf_str(&text));
    if (!pl_json_array_next(&raw, &walk)) {
        raw = PL_STR("");
    }
    int rc = pl_talo_task_fail(task, PL_E_INVALID, "a prop is no good: %.*s",
                               (int)pl_size_min(raw.len, 200), raw.ptr);
    pl_buf_fini(&text);
    return rc;
}

void pl_talo_put_text(struct pl_json_writer *out, struct pl_str key, struct pl_str value)
{
    pl_json_key(out, key);
    pl_json_put_string(out, value);
}

void pl_talo_put_id(struct pl_json_writer *out, struct pl_str key, int64_t value)
{
    pl_json_key(out, key);
    pl_json_put_i64(out, value);
}

void pl_talo_put_flag(struct pl_json_writer *out, struct pl_str key, bool value)
{
    pl_json_key(out, key);
    pl_json_put_bool(out, value);
}

void pl_talo_put_date(struct pl_json_writer *out, struct pl_str key, int64_t ms)
{
    pl_json_key(out, key);
    if (ms == 0) {
        pl_json_put_null(out);
    } else {
        pl_talo_write_date(out, ms);
    }
}
