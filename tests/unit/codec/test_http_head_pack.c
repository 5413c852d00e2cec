/* Packed request heads: those of real clients become small and come back as they were; hostile ones
 * come back as they were; what pack did not make is refused. */
#include "codec/http_head_pack.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_BYTES 65536

struct row {
    const char *who;
    struct pl_str head;
    size_t len_max; /* packed; 0: as long as it is */
};

static const struct row rows[] = {
    {"Chromium",
     PL_STR_INIT(
         "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: game.example:7350\r\n"
         "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/137.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: "
         "http://game.example:7350\r\n"
         "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
         "Accept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: 9zQmY1cN2hR7vKxW4tLpUA==\r\n"
         "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"),
     128},
    {"Firefox, polling first",
     PL_STR_INIT(
         "GET /socket.io/?EIO=4&transport=polling&t=p8k2m0zx HTTP/1.1\r\nHost: localhost:3000\r\n"
         "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 "
         "Firefox/140.0\r\n"
         "Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, "
         "zstd\r\n"
         "Referer: http://localhost:3000/\r\nConnection: keep-alive\r\nSec-Fetch-Dest: empty\r\n"
         "Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n\r\n"),
     160},
    {"Safari",
     PL_STR_INIT(
         "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: play.example\r\n"
         "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: Xb0uQw7f1mB6q2a9cT3eZg==\r\nUser-Agent: Mozilla/5.0 (Macintosh; Intel "
         "Mac OS X "
         "10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15\r\n"
         "Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: https://play.example\r\n\r\n"),
     160},
    {"Node",
     PL_STR_INIT("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:7350\r\n"
                 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: hX2aVb81LwQd5oTn0YkCeA==\r\n"
                 "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"),
     80},
    {"a game engine",
     PL_STR_INIT("GET /ws HTTP/1.1\r\nHost: play.example:443\r\nUpgrade: websocket\r\nConnection: "
                 "Upgrade\r\n"
                 "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n"
                 "User-Agent: GodotEngine/4.4.1.stable.official (Linux)\r\n\r\n"),
     128},
    {"one of one byte repeated",
     PL_STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 8},
    {"zeros", PL_STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 8},
    {"not ASCII", PL_STR_INIT("\xff\x80\xc3\x28\x01 \xf0\x9f"), 0},
    {"nothing to gain", PL_STR_INIT("x"), 0},
    {"nothing", PL_STR_INIT(""), 0},
};

static int make_packer(void **state)
{
    *state = pl_http_head_packer_create();
    return 0;
}

static int destroy_packer(void **state)
{
    pl_http_head_packer_destroy(*state);
    return 0;
}

static void assert_unpacks(struct pl_str packed, struct pl_str head)
{
    struct pl_arena arena;
    struct pl_str back = {0};
    pl_arena_init(&arena, ARENA_BYTES);
    assert_int_equal(pl_http_head_unpack(&back, packed, head.len, &arena, NULL), 0);
    assert_true(pl_str_eq(back, head));
    pl_arena_fini(&arena);
}

static void test_http_head_pack_heads_of_clients_become_small_and_come_back(void **state)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str packed = {0};
        bool is_packed = pl_http_head_pack(&packed, *state, rows[i].head);
        if (is_packed != (rows[i].len_max > 0) || packed.len > rows[i].len_max) {
            fail_msg("%s: %zu bytes of %zu", rows[i].who, packed.len, rows[i].head.len);
        }
        if (is_packed) {
            assert_unpacks(packed, rows[i].head);
        }
    }
}

static void test_http_head_pack_one_head_leaves_nothing_behind_for_the_next(void **state)
{
    struct pl_str first = {0};
    struct pl_str again = {0};
    assert_true(pl_http_head_pack(&first, *state, rows[0].head));
    size_t len = first.len;
    assert_true(pl_http_head_pack(&again, *state, rows[0].head));
    assert_int_equal(again.len, len); /* the same head is not found in the one before */
}

static void test_http_head_pack_a_head_without_patterns_is_not_packed(void **state)
{
    static char noise[16384];
    struct pl_str packed = {0};
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1664525u + 1013904223u;
        noise[i] = (char)(seed >> 24);
    }
    assert_false(pl_http_head_pack(&packed, *state, pl_str_make(noise, sizeof(noise))));
    assert_false(pl_http_head_pack(&packed, *state, pl_str_make(noise, 100)));
    assert_true(pl_http_head_pack(&packed, *state, rows[3].head)); /* and the packer still works */
    assert_unpacks(packed, rows[3].head);
}

static void test_http_head_pack_the_longest_repeating_head_comes_back(void **state)
{
    static char head[16384];
    struct pl_str packed = {0};
    for (size_t i = 0; i < sizeof(head); i++) {
        head[i] = "X-Padding: 0123456789abcdef\r\n"[i % 29];
    }
    assert_true(pl_http_head_pack(&packed, *state, pl_str_make(head, sizeof(head))));
    assert_unpacks(packed, pl_str_make(head, sizeof(head)));
}

static void test_http_head_pack_a_cut_or_misjudged_head_is_refused(void **state)
{
    char copy[PL_HTTP_HEAD_PACKED_MAX + 1] = {0};
    struct pl_str head = rows[0].head;
    struct pl_str packed = {0};
    struct pl_str back = {0};
    struct pl_arena arena;
    assert_true(pl_http_head_pack(&packed, *state, head));
    memcpy(copy, packed.ptr, packed.len);
    pl_arena_init(&arena, ARENA_BYTES * 8);
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(pl_http_head_unpack(&back, pl_str_make(copy, len), head.len, &arena, NULL),
                         PL_E_PROTO);
    }
    const struct pl_str whole = pl_str_make(copy, packed.len);
    assert_int_equal(pl_http_head_unpack(&back, whole, head.len - 1, &arena, NULL), PL_E_PROTO);
    assert_int_equal(pl_http_head_unpack(&back, whole, head.len + 1, &arena, NULL), PL_E_PROTO);
    assert_int_equal(
        pl_http_head_unpack(&back, pl_str_make(copy, packed.len + 1), head.len, &arena, NULL),
        PL_E_PROTO);
    assert_int_equal(
        pl_http_head_unpack(&back, pl_str_make(copy, sizeof(copy)), head.len, &arena, NULL),
        PL_E_PROTO);
    pl_arena_fini(&arena);
}

static void test_http_head_pack_unpacking_survives_every_refused_allocation(void **state)
{
    struct pl_str packed = {0};
    struct pl_str back = {0};
    uint64_t nth = 0;
    int rc = -1;
    assert_true(pl_http_head_pack(&packed, *state, rows[0].head));
    while (rc < 0) {
        struct pl_arena arena;
        assert_in_range(++nth, 1, 10);
        pl_arena_init(&arena, ARENA_BYTES);
        pl_try_alloc_fail_at(nth);
        rc = pl_http_head_unpack(&back, packed, rows[0].head.len, &arena, NULL);
        pl_try_alloc_fail_at(0);
        assert_true(rc == 0 || rc == PL_E_NOMEM || (nth == 1 && rc == PL_E_TOO_BIG));
        pl_arena_fini(&arena);
    }
    assert_true(nth > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_head_pack_heads_of_clients_become_small_and_come_back),
        cmocka_unit_test(test_http_head_pack_one_head_leaves_nothing_behind_for_the_next),
        cmocka_unit_test(test_http_head_pack_a_head_without_patterns_is_not_packed),
        cmocka_unit_test(test_http_head_pack_the_longest_repeating_head_comes_back),
        cmocka_unit_test(test_http_head_pack_a_cut_or_misjudged_head_is_refused),
        cmocka_unit_test(test_http_head_pack_unpacking_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, make_packer, destroy_packer);
}
