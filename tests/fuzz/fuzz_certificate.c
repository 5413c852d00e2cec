/* What an operator's certificate and key files may hold. The first byte chooses which of the two
 * the input is, the other one is good. Whatever it is, there is a whole context or a reason that
 * names the file, nothing is asked for at a terminal, and a reload that fails changes nothing. */
#include "fuzz.h"

#include "memory_file.h"
#include "net/tls.h"
#include "net/tls_names.h"

#include <openssl/pem.h>

/* The names of a certificate, when there is one, are looked up as a client would ask for them. */
static void check_names(struct pl_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    struct pl_tls_names names = {0};
    if (x509 != NULL) {
        pl_tls_names_add(&names, x509, 0);
        for (size_t i = 0; i < names.count; i++) {
            struct pl_str name = pl_str_make(names.items[i].text, names.items[i].len);
            bool is_wildcard = name.ptr[0] == '.';
            PL_ASSERT(memchr(name.ptr, 0, name.len) == NULL);
            PL_ASSERT(is_wildcard || name.ptr[name.len - 1] == '.' ||
                      pl_tls_names_find(&names, name) == 0);
        }
    }
    pl_tls_names_fini(&names);
    X509_free(x509);
    BIO_free(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pl_tls_pair good = {memory_certificate()->path, memory_key()->path};
    struct pl_tls_config config = {.pairs = &good, .pair_count = 1};
    struct pl_tls_context *context = NULL;
    struct pl_error err = {0};
    struct memory_file file;
    struct pl_tls_pair pair = good;
    int64_t expiry = 0;
    if (size < 1) {
        return 0;
    }
    PL_ASSERT(pl_tls_context_create(&context, &config, &err) == 0);
    expiry = pl_tls_context_expiry_unix_s(context);
    memory_file_open(&file, pl_str_make((const char *)data + 1, size - 1));
    *((data[0] & 1) == 0 ? &pair.certificate_path : &pair.key_path) = file.path;
    config.pairs = &pair;
    if (pl_tls_context_reload(context, &config, &err) != 0) {
        PL_ASSERT(strstr(err.text, "/proc/self/fd/") != NULL);
        PL_ASSERT(pl_tls_context_expiry_unix_s(context) == expiry);
    }
    PL_ASSERT(pl_tls_context_certificate_count(context) == 1);
    check_names(pl_str_make((const char *)data + 1, size - 1));
    memory_file_close(&file);
    pl_tls_context_destroy(context);
    return 0;
}
