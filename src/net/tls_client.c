/* TLS as a client: certificates verified against authorities, names and pins, and failures told in
 * words for the person who has to do something about them. */
#include "net/tls_client.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "net/tls_internal.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#define HOST_MAX_BYTES 255
#define PINS_MAX_BYTES ((size_t)64 * 1024)

struct pin {
    uint8_t bytes[SHA256_DIGEST_LENGTH];
};

struct pl_tls_client_context {
    SSL_CTX *ctx;
    BIO_METHOD *bio_method;
    struct pin *pins;
    size_t pin_count;
    bool trusts_anybody;
};

static int fail_memory(struct pl_error *err)
{
    ERR_clear_error();
    return pl_error_set(err, PL_E_NOMEM, "no memory for TLS");
}

/* --- pins --- */

static int read_pin(struct pin *out, struct pl_str text)
{
    uint8_t decoded[64]; /* of 44 characters */
    const struct pl_str kind = PL_STR("sha256//");
    text = pl_str_trim(text);
    if (!pl_str_starts_with(text, kind) || text.len != kind.len + 44 ||
        pl_base64_decode(decoded, pl_str_from(text, kind.len)) != (ptrdiff_t)sizeof(out->bytes)) {
        return PL_E_INVALID;
    }
    memcpy(out->bytes, decoded, sizeof(out->bytes));
    return 0;
}

static int read_pins(struct pl_tls_client_context *context, const char *pins, struct pl_error *err)
{
    struct pl_str rest = pins == NULL ? (struct pl_str){0} : pl_str_of_cstr(pins);
    if (pins == NULL) {
        return 0;
    }
    if (rest.len <= PINS_MAX_BYTES) {
        context->pins = pl_try_alloc((rest.len / 52 + 1) * sizeof(*context->pins));
        if (context->pins == NULL) {
            return fail_memory(err);
        }
    }
    do {
        if (context->pins == NULL ||
            read_pin(&context->pins[context->pin_count], pl_str_split(&rest, ';')) < 0) {
            return pl_error_set(
                err, PL_E_INVALID,
                "pins: write sha256//BASE64[;...], each the SHA-256 of a public key "
                "(openssl x509 -pubkey | openssl pkey -pubin -outform der | openssl "
                "dgst -sha256 -binary | base64)");
        }
        context->pin_count++;
    } while (rest.len > 0);
    return 0;
}

static bool is_pinned(const struct pl_tls_client_context *context, X509 *x509)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    unsigned char *key = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
    bool is_found = false;
    if (len <= 0) {
        return false;
    }
    SHA256(key, (size_t)len, digest);
    OPENSSL_free(key);
    for (size_t i = 0; i < context->pin_count && !is_found; i++) {
        is_found = memcmp(context->pins[i].bytes, digest, sizeof(digest)) == 0;
    }
    return is_found;
}

/* One certificate of the verified chain; of what is not verified only the server's own counts, since
 * it can show anybody's besides. */
static bool has_pinned(const struct pl_tls_client_context *context, X509_STORE_CTX *store)
{
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    if (context->trusts_anybody) {
        return is_pinned(context, X509_STORE_CTX_get0_cert(store));
    }
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (is_pinned(context, sk_X509_value(chain, i))) {
            return true;
        }
    }
    return false;
}

/* --- verification --- */

static int verify(X509_STORE_CTX *store, void *user)
{
    const struct pl_tls_client_context *context = user;
    if (context->trusts_anybody) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
    } else if (X509_verify_cert(store) != 1) {
        return 0;
    }
    if (context->pin_count > 0 && !has_pinned(context, store)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return 1;
}

static int explain_certificate(struct pl_tls *tls, long result)
{
    const char *why = NULL;
    switch (result) { /* OpenSSL's list, of which these are common */
    case X509_V_ERR_CERT_HAS_EXPIRED:
        why = "has expired (or this machine's clock is wrong)";
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        why = "is not valid yet (or this machine's clock is wrong)";
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        why = "is signed by nobody who is trusted; name its authority's certificate as ca_file";
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        why = "is for another name";
        break;
    case X509_V_ERR_APPLICATION_VERIFICATION:
        why = "has none of the pinned public keys in its chain";
        break;
    default:
        why = X509_verify_cert_error_string(result);
        break;
    }
    return pl_error_set(&tls->reason, PL_E_DENIED, "the certificate of %.100s %s", tls->host, why);
}

/* Why a connection failed, where OpenSSL's words say little. 0: they are good enough. */
static int explain(struct pl_tls *tls)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return explain_certificate(tls, SSL_get_verify_result(tls->ssl));
    }
    if (!SSL_is_init_finished(tls->ssl) &&
        (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)) {
        return pl_error_set(&tls->reason, PL_E_PROTO,
                            "%.100s does not speak TLS on this port; is it http:// or ws://?",
                            tls->host);
    }
    return 0;
}

/* --- contexts --- */

static int set_options(SSL_CTX *ctx, struct pl_error *err)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, PL_TLS_CIPHERS) != 1) {
        return pl_error_set(err, PL_E_UNSUPPORTED, "this OpenSSL cannot do what is wanted: %s",
                            pl_tls_error_text());
    }
    /* 0 is success here, unlike everywhere else */
    return SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\x08http/1.1", 9) == 0
               ? 0
               : fail_memory(err);
}

static int load_authorities(SSL_CTX *ctx, const char *ca_file, struct pl_error *err)
{
    int rc = 0;
    if (ca_file == NULL) {
        return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : fail_memory(err);
    }
    rc = pl_tls_check_readable(ca_file, err);
    if (rc == 0 && SSL_CTX_load_verify_file(ctx, ca_file) != 1) {
        ERR_clear_error();
        rc = pl_error_set(err, PL_E_INVALID,
                          "%s: no certificate in PEM form (-----BEGIN CERTIFICATE-----) in it",
                          ca_file);
    }
    /* who names a certificate means it, even if it is no authority's */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    return rc;
}

int pl_tls_client_context_create(struct pl_tls_client_context **out,
                                 const struct pl_tls_client_config *config, struct pl_error *err)
{
    struct pl_tls_client_context *context = pl_try_alloc(sizeof(*context));
    int rc = 0;
    *out = NULL;
    if (context == NULL) {
        return fail_memory(err);
    }
    *context = (struct pl_tls_client_context){.trusts_anybody = config->trusts_anybody};
    context->ctx = SSL_CTX_new(TLS_client_method());
    context->bio_method = pl_tls_bio_method_create();
    rc = context->ctx == NULL || context->bio_method == NULL ? fail_memory(err)
                                                             : set_options(context->ctx, err);
    if (rc == 0 && !config->trusts_anybody) {
        rc = load_authorities(context->ctx, config->ca_file, err);
    }
    if (rc == 0) {
        rc = read_pins(context, config->pins, err);
    }
    if (rc < 0) {
        pl_tls_client_context_destroy(context);
        return rc;
    }
    SSL_CTX_set_verify(context->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context->ctx, verify, context);
    ERR_clear_error();
    *out = context;
    return 0;
}

void pl_tls_client_context_destroy(struct pl_tls_client_context *context)
{
    if (context != NULL) {
        SSL_CTX_free(context->ctx);
        BIO_meth_free(context->bio_method);
        pl_free(context->pins);
        pl_free(context);
    }
}

/* --- connections --- */

/* What the certificate has to be for, and the name that the server is asked for (RFC 6066 section 3:
 * names alone). */
static int set_host(struct pl_tls *tls)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1) {
        return 0;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(tls->ssl, tls->host) == 1 &&
                   SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1
               ? 0
               : PL_E_NOMEM;
}

int pl_tls_client_create(struct pl_tls **out, struct pl_tls_client_context *context,
                         struct pl_str host, struct pl_error *err)
{
    struct pl_tls *tls = NULL;
    int rc = 0;
    *out = NULL;
    if (pl_str_ends_with(host, PL_STR("."))) {
        host.len--; /* certificates have it without */
    }
    if (host.len == 0 || host.len > HOST_MAX_BYTES || memchr(host.ptr, 0, host.len) != NULL) {
        return pl_error_set(err, PL_E_INVALID, "a host has from 1 to 255 characters");
    }
    rc = pl_tls_create_on(&tls, context->ctx, context->bio_method, err);
    if (rc < 0) {
        return rc;
    }
    tls->host = pl_str_to_cstr(host);
    if (tls->host == NULL || set_host(tls) < 0) {
        pl_tls_destroy(tls);
        return fail_memory(err);
    }
    ERR_clear_error();
    SSL_set_connect_state(tls->ssl);
    tls->explain = explain;
    *out = tls;
    return 0;
}
