/* Names of certificates, in the order of the certificates: the first that fits counts. */
#include "net/tls_names.h"

#include "base/alloc.h"

#include <openssl/x509v3.h>

#define NAME_MAX_BYTES 253 /* of a DNS name */

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void add_name(struct pl_tls_names *names, struct pl_str name, size_t certificate)
{
    struct pl_tls_name *item = NULL;
    if (pl_str_starts_with(name, PL_STR("*."))) {
        name = pl_str_from(name, 1);
    }
    if (name.len == 0 || name.len > NAME_MAX_BYTES || memchr(name.ptr, 0, name.len) != NULL) {
        return; /* a name with a NUL inside is an attempt to look like another */
    }
    if (names->count == names->cap) {
        names->cap = pl_size_max(names->cap * 2, 8);
        names->items = pl_realloc(names->items, names->cap * sizeof(*names->items));
    }
    item = &names->items[names->count++];
    *item = (struct pl_tls_name){pl_strdup_n(name.ptr, name.len), name.len, certificate};
    for (size_t i = 0; i < item->len; i++) {
        item->text[i] = to_lower(item->text[i]);
    }
}

static struct pl_str text_of(const ASN1_STRING *string)
{
    return pl_str_make((const char *)ASN1_STRING_get0_data(string),
                       (size_t)ASN1_STRING_length(string));
}

static bool add_alternatives(struct pl_tls_names *names, X509 *x509, size_t certificate)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    bool has_any = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        if (name->type == GEN_DNS) {
            add_name(names, text_of(name->d.dNSName), certificate);
            has_any = true;
        }
    }
    GENERAL_NAMES_free(list);
    return has_any;
}

void pl_tls_names_add(struct pl_tls_names *names, X509 *x509, size_t certificate)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    int at = -1;
    if (add_alternatives(names, x509, certificate)) {
        return;
    }
    at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
        add_name(names, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))),
                 certificate);
    }
}

static ptrdiff_t find_exactly(const struct pl_tls_names *names, struct pl_str wanted)
{
    for (size_t i = 0; i < names->count; i++) {
        if (pl_str_eq(wanted, pl_str_make(names->items[i].text, names->items[i].len))) {
            return (ptrdiff_t)names->items[i].certificate;
        }
    }
    return -1;
}

ptrdiff_t pl_tls_names_find(const struct pl_tls_names *names, struct pl_str wanted)
{
    char lower[NAME_MAX_BYTES];
    ptrdiff_t found = -1;
    size_t dot = 0;
    if (wanted.len > 0 && wanted.ptr[wanted.len - 1] == '.') {
        wanted = pl_str_first(wanted, wanted.len - 1);
    }
    if (wanted.len == 0 || wanted.len > sizeof(lower) || wanted.ptr[0] == '.') {
        return -1; /* a dot in front is how wildcards are kept */
    }
    for (size_t i = 0; i < wanted.len; i++) {
        lower[i] = to_lower(wanted.ptr[i]);
    }
    wanted = pl_str_make(lower, wanted.len);
    found = find_exactly(names, wanted);
    dot = pl_str_find_char(wanted, '.');
    return found >= 0 ? found : find_exactly(names, pl_str_from(wanted, dot));
}

void pl_tls_names_fini(struct pl_tls_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        pl_free(names->items[i].text);
    }
    pl_free(names->items);
    *names = (struct pl_tls_names){0};
}
