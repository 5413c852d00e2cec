/* A key that nothing has been sealed with yet stays in memory until it is known to be wanted. */
#include "app/talo_world.h"

#include "app/store_place.h"
#include "base/alloc.h"
#include "store/url.h"

int pl_talo_world_open_store(struct pl_store **out, struct pl_store_config *config,
                             const struct pl_settings *settings, struct pl_error *err)
{
    struct pl_error cause = {0};
    struct pl_buf url;
    pl_buf_init(&url, PL_STORE_URL_MAX);
    pl_store_place_url(&url, settings);
    config->url = pl_buf_str(&url);
    int rc = pl_buf_failed(&url) ? pl_error_set(&cause, PL_E_TOO_BIG, "too long")
                                 : pl_store_open(out, config, true, &cause);
    pl_buf_fini(&url);
    if (rc < 0) { /* whoever has named the store looks for the mistake there */
        pl_error_set(err, rc, "%s%s", settings->store.url.len > 0 ? "store.url: " : "", cause.text);
    }
    return rc;
}

static int create(struct pl_talo **out, struct pl_talo_config *config, struct pl_str data_dir,
                  struct pl_error *err)
{
    struct pl_talo *world = NULL;
    int is_new = pl_store_place_key(config->sealing_key, data_dir, err);
    int rc = is_new < 0 ? is_new : pl_talo_create(&world, config, err);
    if (rc == 0 && is_new == 1) {
        rc = pl_store_place_keep_key(config->sealing_key, data_dir, err);
    }
    if (rc < 0) {
        pl_talo_destroy(world);
        return rc;
    }
    *out = world;
    return 0;
}

int pl_talo_world_create(struct pl_talo **out, struct pl_talo_config *config,
                         const struct pl_settings *settings, struct pl_error *err)
{
    int rc = create(out, config, settings->data_dir, err);
    pl_wipe(config->sealing_key, sizeof(config->sealing_key));
    return rc;
}
