/* Request heads kept small: a head is deflated against a dictionary of what browsers, Node and game
 * engines send, so that an idle connection can keep the whole of its first request in some tens of
 * bytes. The form is our own memory's: it is never sent nor stored.
 * Source: RFC 1951 (raw deflate). Threads: one at a time per packer. */
#ifndef PL_CODEC_HTTP_HEAD_PACK_H
#define PL_CODEC_HTTP_HEAD_PACK_H

#include "base/arena.h"
#include "base/error.h"

/* A head that does not become smaller than this is not packed. */
#define PL_HTTP_HEAD_PACKED_MAX 2048

struct pl_http_head_packer; /* about 40 KiB: one for many connections */

struct pl_http_head_packer *pl_http_head_packer_create(void);
void pl_http_head_packer_destroy(struct pl_http_head_packer *packer); /* NULL is fine */

/* Any text will do, a head is what becomes small. Sets *out, which is borrowed until the next call,
 * and returns true; false when it would not be smaller than `head` itself. */
PL_MUST_CHECK bool pl_http_head_pack(struct pl_str *out, struct pl_http_head_packer *packer,
                                     struct pl_str head);

/* The head of `head_len` bytes that was packed, in `arena`. PL_E_TOO_BIG: the arena is full.
 * PL_E_NOMEM. PL_E_PROTO: not what pack made of such a head. */
PL_MUST_CHECK int pl_http_head_unpack(struct pl_str *out, struct pl_str packed, size_t head_len,
                                      struct pl_arena *arena, struct pl_error *err);

#endif
