/* Certificates and options: one SSL_CTX per certificate, chosen by the server name. A reload makes
 * a whole new set and swaps it in. */
#include "net/tls.h"

#include "base/alloc.h"
#include "net/tls_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#define OPTIONS                                                                                    \
    (SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |           \
     SSL_OP_PRIORITIZE_CHACHA | SSL_OP_SINGLE_ECDH_USE)

static const unsigned char session_context[] = "parley"; /* sessions of all sets are of one kind */

/* --- files --- */

/* No terminal is asked: a server starts without a person. */
static int refuse_passphrase(char *out, int size, int is_writing, void *user)
{
    bool *was_asked = user;
    (void)is_writing;
    *was_asked = true;
    if (size > 0) {
        out[0] = '\0';
    }
    return -1;
}

static int use_key(SSL_CTX *ctx, const struct pl_tls_pair *pair, struct pl_error *err)
{
    bool was_asked = false;
    BIO *file = NULL;
    EVP_PKEY *key = NULL;
    int rc = pl_tls_check_readable(pair->key_path, err);
    if (rc < 0) {
        return rc;
    }
    file = BIO_new_file(pair->key_path, "r");
    key = file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, refuse_passphrase, &was_asked);
    BIO_free(file);
    if (key == NULL && was_asked) {
        rc = pl_error_set(err, PL_E_INVALID,
                          "%s: the key has a passphrase; write it without one (openssl pkey -in "
                          "%s -out NEW.pem)",
                          pair->key_path, pair->key_path);
    } else if (key == NULL) {
        rc = pl_error_set(err, PL_E_INVALID,
                          "%s: no private key in PEM form (-----BEGIN PRIVATE KEY-----) in it",
                          pair->key_path);
    } else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        rc = pl_error_set(err, PL_E_INVALID,
                          "%s: this key is not that of the certificate in %s; name the two that "
                          "were made together",
                          pair->key_path, pair->certificate_path);
    }
    EVP_PKEY_free(key);
    return rc;
}

static int use_certificate(SSL_CTX *ctx, const struct pl_tls_pair *pair, struct pl_error *err)
{
    int rc = pl_tls_check_readable(pair->certificate_path, err);
    if (rc < 0) {
        return rc;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, pair->certificate_path) == 1) {
        return 0;
    }
    if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_PEM) {
        return pl_error_set(err, PL_E_INVALID,
                            "%s: no certificate in PEM form (-----BEGIN CERTIFICATE-----) in it; "
                            "the server's own comes first, then its chain",
                            pair->certificate_path);
    }
    return pl_error_set(err, PL_E_INVALID, "%s: the certificate cannot be used: %s",
                        pair->certificate_path, pl_tls_error_text());
}

/* --- what a handshake asks --- */

static int choose_certificate(SSL *ssl, int *alert, void *user)
{
    const struct pl_tls *tls = SSL_get_app_data(ssl);
    const struct pl_tls_set *set = &tls->context->set;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    ptrdiff_t found = name == NULL ? -1 : pl_tls_names_find(&set->names, pl_str_of_cstr(name));
    (void)user;
    if (found < 0) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    if (SSL_set_SSL_CTX(ssl, set->contexts[found]) == NULL) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

/* http/1.1, or an alert for a client that wants anything but that (RFC 7301 section 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *user)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)user;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* --- options --- */

static void set_tickets(SSL_CTX *ctx, uint32_t lifetime_s)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* the client keeps its session */
    SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1);
    if (lifetime_s == 0) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(ctx, 0);
        return;
    }
    SSL_CTX_set_num_tickets(ctx, 1); /* a browser reuses the connection anyway */
    SSL_CTX_set_timeout(ctx, (long)lifetime_s);
}

static int set_options(SSL_CTX *ctx, const struct pl_tls_config *config, struct pl_error *err)
{
    const char *ciphers = config->ciphers == NULL ? PL_TLS_CIPHERS : config->ciphers;
    int version = config->version_min == PL_TLS_VERSION_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    SSL_CTX_set_options(ctx, OPTIONS);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_ENABLE_PARTIAL_WRITE);
    if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1) {
        return pl_error_set(err, PL_E_INVALID,
                            "no TLS 1.2 cipher is known in '%.80s'; `openssl ciphers` lists them",
                            ciphers);
    }
    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1) {
        return pl_error_set(err, PL_E_UNSUPPORTED, "this OpenSSL cannot do what is wanted: %s",
                            pl_tls_error_text());
    }
    set_tickets(ctx, config->ticket_lifetime_s);
    SSL_CTX_set_tlsext_servername_callback(ctx, choose_certificate);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    return 0;
}

/* --- sets --- */

static void set_fini(struct pl_tls_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        SSL_CTX_free(set->contexts[i]);
    }
    pl_free(set->contexts);
    pl_tls_names_fini(&set->names);
    *set = (struct pl_tls_set){0};
}

static int64_t expiry_of(const X509 *x509)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) == 1 ? (int64_t)timegm(&tm) : INT64_MAX;
}

static int set_load_pair(struct pl_tls_set *set, size_t at, const struct pl_tls_config *config,
                         struct pl_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    X509 *x509 = NULL;
    int rc = 0;
    if (ctx == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for TLS");
    }
    set->contexts[set->count++] = ctx;
    rc = set_options(ctx, config, err);
    if (rc == 0) {
        rc = use_certificate(ctx, &config->pairs[at], err);
    }
    if (rc == 0) {
        rc = use_key(ctx, &config->pairs[at], err);
    }
    if (rc == 0) {
        x509 = SSL_CTX_get0_certificate(ctx);
        pl_tls_names_add(&set->names, x509, at);
        set->expiry_unix_s =
            expiry_of(x509) < set->expiry_unix_s ? expiry_of(x509) : set->expiry_unix_s;
    }
    return rc;
}

static int set_load(struct pl_tls_set *set, const struct pl_tls_config *config,
                    struct pl_error *err)
{
    int rc = 0;
    *set = (struct pl_tls_set){.expiry_unix_s = INT64_MAX};
    if (config->pair_count == 0) {
        return pl_error_set(err, PL_E_INVALID, "TLS needs a certificate and its key");
    }
    set->contexts = pl_alloc_array(config->pair_count, sizeof(*set->contexts));
    ERR_clear_error();
    for (size_t i = 0; i < config->pair_count && rc == 0; i++) {
        rc = set_load_pair(set, i, config, err);
    }
    ERR_clear_error();
    if (rc < 0) {
        set_fini(set);
    }
    return rc;
}

/* --- contexts --- */

int pl_tls_context_create(struct pl_tls_context **out, const struct pl_tls_config *config,
                          struct pl_error *err)
{
    struct pl_tls_context *context = pl_alloc(sizeof(*context));
    int rc = set_load(&context->set, config, err);
    if (rc == 0) {
        context->bio_method = pl_tls_bio_method_create();
        rc = context->bio_method != NULL ? 0 : pl_error_set(err, PL_E_NOMEM, "no memory for TLS");
    }
    if (rc < 0) {
        pl_tls_context_destroy(context);
        return rc;
    }
    *out = context;
    return 0;
}

int pl_tls_context_reload(struct pl_tls_context *context, const struct pl_tls_config *config,
                          struct pl_error *err)
{
    struct pl_tls_set set;
    int rc = set_load(&set, config, err);
    if (rc == 0) {
        set_fini(&context->set);
        context->set = set;
    }
    return rc;
}

void pl_tls_context_destroy(struct pl_tls_context *context)
{
    if (context == NULL) {
        return;
    }
    set_fini(&context->set);
    BIO_meth_free(context->bio_method);
    pl_free(context);
}

size_t pl_tls_context_certificate_count(const struct pl_tls_context *context)
{
    return context->set.count;
}

int64_t pl_tls_context_expiry_unix_s(const struct pl_tls_context *context)
{
    return context->set.expiry_unix_s;
}
