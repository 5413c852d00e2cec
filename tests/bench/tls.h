/* TLS for connections of the load generator: the bytes of a socket, encrypted. Whatever certificate
 * comes is taken. Threads: one at a time. */
#ifndef PL_BENCH_TLS_H
#define PL_BENCH_TLS_H

#include "base/error.h"

#include <sys/types.h>

struct pl_load_tls; /* of one connection */
struct pl_load_tls_context;

/* NULL without memory. */
struct pl_load_tls_context *pl_load_tls_context_create(void);
void pl_load_tls_context_destroy(struct pl_load_tls_context *context); /* NULL is fine */

/* On a socket that begins to connect; the handshake runs inside reading and writing. NULL without
 * memory. */
struct pl_load_tls *pl_load_tls_create(struct pl_load_tls_context *context, int fd);
void pl_load_tls_destroy(struct pl_load_tls *tls); /* NULL is fine; the socket stays open */

/* As send() and recv(): the bytes taken, 0 at the end of reading, -1 with errno, where EAGAIN may
 * mean the other direction, too. One call reads one record. */
ssize_t pl_load_tls_write(struct pl_load_tls *tls, const void *bytes, size_t len);
ssize_t pl_load_tls_read(struct pl_load_tls *tls, void *out, size_t size);

#endif
