/* Memory files are anonymous ones of the kernel, named by their descriptors. */
#include "memory_file.h"

#include "base/defs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void memory_file_open(struct memory_file *file, struct pl_str bytes)
{
    file->fd = memfd_create("parley", MFD_CLOEXEC);
    PL_ASSERT(file->fd >= 0);
    PL_ASSERT(write(file->fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

void memory_file_close(struct memory_file *file)
{
    close(file->fd);
}

static X509 *sign(EVP_PKEY *key)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:a.test,DNS:*.wild.test");
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a.test", -1, -1,
                               0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    PL_ASSERT(X509_sign(x509, key, EVP_sha256()) > 0);
    return x509;
}

/* Both at once, the first time that one of them is wanted. */
static const struct memory_file *make(size_t which)
{
    static struct memory_file files[2];
    static bool is_made;
    if (!is_made) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *x509 = sign(key);
        BIO *texts[2] = {BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};
        PL_ASSERT(PEM_write_bio_X509(texts[0], x509) == 1);
        PL_ASSERT(PEM_write_bio_PrivateKey(texts[1], key, NULL, NULL, 0, NULL, NULL) == 1);
        for (size_t i = 0; i < 2; i++) {
            char *bytes = NULL;
            long len = BIO_get_mem_data(texts[i], &bytes);
            memory_file_open(&files[i], pl_str_make(bytes, (size_t)len));
            BIO_free(texts[i]);
        }
        X509_free(x509);
        EVP_PKEY_free(key);
        is_made = true;
    }
    return &files[which];
}

const struct memory_file *memory_certificate(void)
{
    return make(0);
}

const struct memory_file *memory_key(void)
{
    return make(1);
}
