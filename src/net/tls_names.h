/* Which certificate serves which server name: the DNS names of the certificates' subjectAltName,
 * wildcards included. Source: RFC 6125 section 6.4, RFC 6066 section 3. Threads: one at a time. */
#ifndef PL_NET_TLS_NAMES_H
#define PL_NET_TLS_NAMES_H

#include "base/str.h"

#include <openssl/x509.h>

struct pl_tls_name {
    char *text; /* owned; "example.org", or ".example.org" for the wildcard "*.example.org" */
    size_t len;
    size_t certificate; /* index of the first one with this name */
};

/* Zeroed is empty. */
struct pl_tls_names {
    struct pl_tls_name *items;
    size_t count;
    size_t cap;
};

void pl_tls_names_fini(struct pl_tls_names *names);

/* Add the names of a certificate: its subjectAltName, or its common name when it has none. */
void pl_tls_names_add(struct pl_tls_names *names, X509 *x509, size_t certificate);

/* The certificate for a name that a client asks for: one that names it, else one whose wildcard
 * covers it. -1 when there is none. Letters count alike in both cases, a dot at the end does not.
 */
ptrdiff_t pl_tls_names_find(const struct pl_tls_names *names, struct pl_str wanted);

#endif
