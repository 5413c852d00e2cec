/* permessage-deflate: what a client offers, and what a server agrees to. Nothing is compressed
 * here. Source: RFC 7692 sections 5 and 7.1, RFC 6455 section 9.1. Threads: any. No allocation. */
#ifndef PL_CODEC_WS_DEFLATE_H
#define PL_CODEC_WS_DEFLATE_H

#include "base/str.h"

#define PL_WS_DEFLATE_BITS_MIN 8
#define PL_WS_DEFLATE_BITS_MAX 15 /* what counts where a parameter is missing */

/* The longest answer that pl_ws_deflate_answer_write makes. */
#define PL_WS_DEFLATE_ANSWER_MAX 160

/* What the server wants. Windows are in bits: 2^bits bytes. */
struct pl_ws_deflate_policy {
    uint8_t client_max_window_bits; /* asked of clients that know the parameter */
    bool wants_client_no_context_takeover;
};

/* What both sides agreed to. server_no_context_takeover is always agreed to, whether it was offered
 * or not (section 7.1.1.1 allows it): one compressed frame then serves every connection. */
struct pl_ws_deflate_agreement {
    uint8_t server_max_window_bits; /* that the client can follow */
    uint8_t client_max_window_bits; /* that the client uses at most */
    bool client_no_context_takeover;
    bool names_server_bits; /* the answer says it: the client had asked for it */
    bool names_client_bits;
};

/* Choose from the value of Sec-WebSocket-Extensions (several headers joined by commas): the first
 * offer of permessage-deflate that can be granted, since clients name what they like best first. An
 * offer is passed over when one of its parameters is unknown, comes twice, lacks its value, has one
 * that it must not have, or one that is not 8 to 15 in plain digits. A value that does not follow
 * the grammar declines everything. Returns whether there is an agreement; `out` is written then. */
bool pl_ws_deflate_agree(struct pl_ws_deflate_agreement *out,
                         const struct pl_ws_deflate_policy *policy, struct pl_str offers);

/* The value of Sec-WebSocket-Extensions that tells the client, without a NUL. Returns its bytes. */
size_t pl_ws_deflate_answer_write(char out[PL_WS_DEFLATE_ANSWER_MAX],
                                  const struct pl_ws_deflate_agreement *agreement);

#endif
