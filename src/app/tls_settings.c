/* From the settings to certificates: tls.certificate with tls.key first, then tls.certificates. */
#include "app/tls_settings.h"

#define PAIRS_MAX 65 /* the list's bound and the first one */
#define PATHS_BYTES ((size_t)256 * 1024)

static int add_pair(struct pl_tls_config *config, struct pl_tls_pair *pairs, struct pl_arena *arena,
                    struct pl_str certificate, struct pl_str key, struct pl_error *err)
{
    struct pl_str certificate_cstr; /* pl_arena_copy puts a NUL behind */
    struct pl_str key_cstr;
    if (!pl_arena_copy(&certificate_cstr, arena, certificate) ||
        !pl_arena_copy(&key_cstr, arena, key)) {
        return pl_error_set(err, PL_E_TOO_BIG, "the tls settings are too long");
    }
    PL_ASSERT(config->pair_count < PAIRS_MAX);
    pairs[config->pair_count++] = (struct pl_tls_pair){certificate_cstr.ptr, key_cstr.ptr};
    return 0;
}

static int read_pairs(struct pl_tls_config *config, struct pl_tls_pair *pairs,
                      struct pl_arena *arena, const struct pl_settings_tls *tls,
                      struct pl_error *err)
{
    int rc = 0;
    if ((tls->certificate.len > 0) != (tls->key.len > 0)) {
        return pl_error_set(err, PL_E_INVALID, "%s is set, but %s is not: name both files",
                            tls->key.len > 0 ? "tls.key" : "tls.certificate",
                            tls->key.len > 0 ? "tls.certificate" : "tls.key");
    }
    if (tls->certificate.len > 0) {
        rc = add_pair(config, pairs, arena, tls->certificate, tls->key, err);
    }
    for (size_t i = 0; i < tls->certificates.count && rc == 0; i++) {
        struct pl_str key = tls->certificates.items[i];
        struct pl_str certificate = pl_str_split(&key, ':');
        rc = add_pair(config, pairs, arena, certificate, key, err);
    }
    if (rc == 0 && config->pair_count == 0) {
        return pl_error_set(err, PL_E_INVALID,
                            "a listener has TLS, but there is no certificate: name the files in "
                            "tls.certificate and tls.key");
    }
    return rc;
}

int pl_tls_settings_load(struct pl_tls_context **context, const struct pl_settings *settings,
                         struct pl_error *err)
{
    const struct pl_settings_tls *tls = &settings->tls;
    struct pl_tls_pair pairs[PAIRS_MAX];
    struct pl_tls_config config = {
        .pairs = pairs,
        .version_min = (enum pl_tls_version)tls->min_version,
        .ciphers = tls->ciphers.ptr, /* in the settings' arena: with a NUL behind it */
        .ticket_lifetime_s = (uint32_t)((tls->ticket_lifetime_ms + 999) / 1000),
    };
    struct pl_arena arena;
    struct pl_error inner = {0};
    int rc = 0;
    pl_arena_init(&arena, PATHS_BYTES);
    rc = read_pairs(&config, pairs, &arena, tls, &inner);
    if (rc == 0) {
        rc = *context == NULL ? pl_tls_context_create(context, &config, &inner)
                              : pl_tls_context_reload(*context, &config, &inner);
    }
    pl_arena_fini(&arena);
    return rc < 0 ? pl_error_set(err, rc, "TLS: %s", inner.text) : 0;
}

int pl_tls_settings_check(const struct pl_settings *settings, bool is_needed, struct pl_error *err)
{
    const struct pl_settings_tls *tls = &settings->tls;
    struct pl_tls_context *context = NULL;
    int rc = 0;
    if (is_needed || tls->certificate.len > 0 || tls->key.len > 0 || tls->certificates.count > 0) {
        rc = pl_tls_settings_load(&context, settings, err);
        pl_tls_context_destroy(context);
    }
    return rc;
}
