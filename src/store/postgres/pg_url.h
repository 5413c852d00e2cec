/* The URL of a PostgreSQL, as libpq reads it: whether it can, and what of it may be shown. libpq's own words
 * about a URL quote it, with the password in it.
 * Threads: any. */
#ifndef PL_STORE_POSTGRES_PG_URL_H
#define PL_STORE_POSTGRES_PG_URL_H

#include "base/buf.h"
#include "base/error.h"

/* Returns 0, or PL_E_INVALID with words that show nothing of the URL. */
PL_MUST_CHECK int pl_pg_url_check(const char *url_cstr, struct pl_error *err);

/* Append it without its password and options; one that is refused as "postgresql://...". */
void pl_pg_url_show(struct pl_buf *out, const char *url_cstr);

#endif
