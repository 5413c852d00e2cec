/* SipHash: a keyed hash for tables whose keys a peer can choose; without the key nobody can make
 * them collide. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
 * Threads: any. No allocation. */
#ifndef PL_BASE_HASH_H
#define PL_BASE_HASH_H

#include "base/defs.h"

#define PL_SIPHASH_KEY_BYTES 16

/* SipHash-1-3, which is enough for hash tables. The key comes from pl_env.random. */
uint64_t pl_siphash(const uint8_t key[PL_SIPHASH_KEY_BYTES], const void *bytes, size_t len);

/* SipHash-c-d: `compression_rounds` for each word of eight bytes, `final_rounds` at the end. The
 * paper's own choice is 2-4. */
uint64_t pl_siphash_rounds(const uint8_t key[PL_SIPHASH_KEY_BYTES], const void *bytes, size_t len,
                           unsigned compression_rounds, unsigned final_rounds);

#endif
