/* The text of a request's signature taken apart (spec talo, 2.2): "{version}|{H}.{S}".
 * Threads: any. No allocation. */
#ifndef PL_SERVICE_TALO_SIGNATURE_H
#define PL_SERVICE_TALO_SIGNATURE_H

#include "base/str.h"

#define PL_TALO_SIGNATURE_HEAD_MAX 8192 /* a longer H is none */
#define PL_TALO_SIGNATURE_MAC_BYTES 32

/* Not to be copied: texts point into `space`. */
struct pl_talo_signature {
    struct pl_str version;                    /* of the key; borrowed from the text */
    struct pl_str head;                       /* H, which is what is signed; borrowed */
    uint8_t mac[PL_TALO_SIGNATURE_MAC_BYTES]; /* S */
    struct pl_str rid;
    struct pl_str payload; /* raw JSON string: the digest that it claims */
    double timestamp_ms;
    char space[2 * PL_TALO_SIGNATURE_HEAD_MAX];
};

/* Steps 1 and 2 of 2.3. Base64 is read leniently: either alphabet, with padding or without. Of a
 * member that occurs twice the last one counts. False for anything else. */
PL_MUST_CHECK bool pl_talo_signature_parse(struct pl_talo_signature *out, struct pl_str text);

#endif
