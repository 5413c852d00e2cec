/* SipHash with any number of rounds; SipHash-1-3 gets a copy of its own with the loops unrolled,
 * since the compiler sees the constants. */
#include "base/hash.h"

struct state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static inline uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

/* Byte by byte: compilers make one load of it where the machine is little-endian. */
static inline uint64_t read_le64(const uint8_t *in)
{
    return (uint64_t)in[0] | (uint64_t)in[1] << 8 | (uint64_t)in[2] << 16 | (uint64_t)in[3] << 24 |
           (uint64_t)in[4] << 32 | (uint64_t)in[5] << 40 | (uint64_t)in[6] << 48 |
           (uint64_t)in[7] << 56;
}

static inline void mix(struct state *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        s->v0 += s->v1;
        s->v1 = rotate_left(s->v1, 13) ^ s->v0;
        s->v0 = rotate_left(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate_left(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate_left(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate_left(s->v1, 17) ^ s->v2;
        s->v2 = rotate_left(s->v2, 32);
    }
}

static inline void absorb(struct state *s, uint64_t word, unsigned rounds)
{
    s->v3 ^= word;
    mix(s, rounds);
    s->v0 ^= word;
}

/* The last word: the bytes that are left over, and the length in the top byte. */
static inline uint64_t last_word(const uint8_t *in, size_t left, size_t len)
{
    uint64_t word = (uint64_t)(len & 0xff) << 56;
    for (size_t i = 0; i < left; i++) {
        word |= (uint64_t)in[i] << (8 * i);
    }
    return word;
}

static inline uint64_t siphash(const uint8_t *key, const uint8_t *in, size_t len,
                               unsigned compression_rounds, unsigned final_rounds)
{
    uint64_t k0 = read_le64(key);
    uint64_t k1 = read_le64(key + 8);
    /* the words spell "somepseudorandomlygeneratedbytes" */
    struct state s = {
        .v0 = k0 ^ 0x736f6d6570736575u,
        .v1 = k1 ^ 0x646f72616e646f6du,
        .v2 = k0 ^ 0x6c7967656e657261u,
        .v3 = k1 ^ 0x7465646279746573u,
    };
    size_t left = len;
    for (; left >= 8; left -= 8, in += 8) {
        absorb(&s, read_le64(in), compression_rounds);
    }
    absorb(&s, last_word(in, left, len), compression_rounds);
    s.v2 ^= 0xff;
    mix(&s, final_rounds);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t pl_siphash(const uint8_t key[PL_SIPHASH_KEY_BYTES], const void *bytes, size_t len)
{
    return siphash(key, bytes, len, 1, 3);
}

uint64_t pl_siphash_rounds(const uint8_t key[PL_SIPHASH_KEY_BYTES], const void *bytes, size_t len,
                           unsigned compression_rounds, unsigned final_rounds)
{
    return siphash(key, bytes, len, compression_rounds, final_rounds);
}
