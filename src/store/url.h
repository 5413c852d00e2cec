/* The URL of a store: "sqlite:PATH" or "postgresql://...". Threads: any. */
#ifndef PL_STORE_URL_H
#define PL_STORE_URL_H

#include "base/buf.h"
#include "base/error.h"

#define PL_STORE_URL_MAX 8192 /* bytes */

enum pl_store_backend_kind {
    PL_STORE_SQLITE,
    PL_STORE_POSTGRES,
};

struct pl_store_url {
    enum pl_store_backend_kind backend;
    struct pl_str path; /* of SQLite; borrowed from the URL */
};

/* PL_E_INVALID for anything else, and for a PostgreSQL that libpq cannot read; the words show nothing of
 * the URL. */
PL_MUST_CHECK int pl_store_url_read(struct pl_store_url *out, struct pl_str url,
                                    struct pl_error *err);

/* Append the URL as it may be shown: without a password. */
void pl_store_url_show(struct pl_buf *out, struct pl_str url);

#endif
