/* WebSocket masking, 32 or 16 bytes a step where the compiler targets AVX2 or SSE2, then 8 bytes,
 * then single ones. Every step is a multiple of four, so the key is turned once, at the start. */
#include "codec/ws_mask.h"

#if defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX2__)
static size_t blocks_apply(uint8_t *at, size_t len, uint32_t key)
{
    const __m256i keys = _mm256_set1_epi32((int)key);
    size_t done = 0;
    for (; len - done >= sizeof(keys); done += sizeof(keys)) {
        __m256i *block = (__m256i *)(void *)(at + done);
        _mm256_storeu_si256(block, _mm256_xor_si256(_mm256_loadu_si256(block), keys));
    }
    return done;
}
#elif defined(__SSE2__)
static size_t blocks_apply(uint8_t *at, size_t len, uint32_t key)
{
    const __m128i keys = _mm_set1_epi32((int)key);
    size_t done = 0;
    for (; len - done >= sizeof(keys); done += sizeof(keys)) {
        __m128i *block = (__m128i *)(void *)(at + done);
        _mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), keys));
    }
    return done;
}
#else
static size_t blocks_apply(uint8_t *at, size_t len, uint32_t key)
{
    (void)at;
    (void)len;
    (void)key;
    return 0; /* the words below do it all */
}
#endif

static size_t words_apply(uint8_t *at, size_t len, uint32_t key)
{
    const uint64_t keys = (uint64_t)key << 32 | key;
    size_t done = 0;
    for (; len - done >= sizeof(keys); done += sizeof(keys)) {
        uint64_t word = 0;
        memcpy(&word, at + done, sizeof(word));
        word ^= keys;
        memcpy(at + done, &word, sizeof(word));
    }
    return done;
}

void pl_ws_mask_apply(struct pl_span bytes, const uint8_t *key, uint64_t offset)
{
    uint8_t turned[PL_WS_KEY_BYTES];
    uint32_t key_word = 0;
    size_t done = 0;
    if (bytes.len == 0) {
        return;
    }
    for (size_t i = 0; i < PL_WS_KEY_BYTES; i++) {
        turned[i] = key[(offset + i) % PL_WS_KEY_BYTES];
    }
    memcpy(&key_word, turned, sizeof(key_word));
    done = blocks_apply(bytes.ptr, bytes.len, key_word);
    done += words_apply(bytes.ptr + done, bytes.len - done, key_word);
    for (; done < bytes.len; done++) {
        bytes.ptr[done] ^= turned[done % PL_WS_KEY_BYTES];
    }
}
