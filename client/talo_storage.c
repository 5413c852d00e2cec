/* What the members of a channel share, over REST. Source: shared spec talo.md 3.12. */
#include "client/talo_internal.h"

#include <inttypes.h>

int parley_talo_storage_get(struct parley_talo *talo, int64_t channel_id, const char *key,
                            parley_talo_done *done, void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the key", key);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/game-channels/%" PRId64 "/storage", channel_id);
    if (call != NULL) {
        pl_talo_write_query(&call->target, "propKey", key);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_storage_list(struct parley_talo *talo, int64_t channel_id, const char *const *keys,
                             size_t count, parley_talo_done *done, void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = pl_talo_check_text(talo, "each key", keys[i]);
    }
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/game-channels/%" PRId64 "/storage/list",
                            channel_id);
    for (size_t i = 0; call != NULL && i < count; i++) {
        pl_talo_write_query(&call->target, "propKeys", keys[i]);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_storage_set(struct parley_talo *talo, int64_t channel_id,
                            const struct parley_talo_prop *props, size_t count,
                            parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_props(talo, props, count);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("PUT", done, user, "/v1/game-channels/%" PRId64 "/storage", channel_id);
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_props(&writer, props, count);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}
