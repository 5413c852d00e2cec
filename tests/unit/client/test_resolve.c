/* Names, looked up in the system's hosts and by a name server that answers what the test says. */
#include "client/env_system.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct asked {
    struct pl_client_lookup lookup;
    bool is_done;
    int error;
    size_t count;
    struct pl_address addresses[PL_CLIENT_ADDRESSES_MAX];
    char reason[PL_ERROR_TEXT_MAX];
};

static void on_done(struct pl_client_lookup *lookup, const struct pl_address *addresses,
                    size_t count, int error, const struct pl_error *err)
{
    struct asked *asked = PL_CONTAINER_OF(lookup, struct asked, lookup);
    assert_false(asked->is_done);
    asked->is_done = true;
    asked->error = error;
    asked->count = count;
    if (count > 0) {
        memcpy(asked->addresses, addresses, count * sizeof(*addresses));
    }
    snprintf(asked->reason, sizeof(asked->reason), "%s", err == NULL ? "" : err->text);
}

/* --- a name server --- */

struct names {
    int fd;
    uint16_t port;
    int asked_count;
    bool is_silent;
    bool knows_none; /* NXDOMAIN */
};

static void names_open(struct names *names)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    *names = (struct names){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
    assert_int_equal(bind(names->fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(names->fd, (struct sockaddr *)&in, &len), 0);
    names->port = ntohs(in.sin_port);
}

/* 192.0.2.7 for A and 2001:db8::7 for AAAA: RFC 1035 section 4. */
static void names_turn(struct names *names)
{
    uint8_t bytes[512 + 64];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t got = recvfrom(names->fd, bytes, 512, 0, (struct sockaddr *)&from, &from_len);
    size_t len = 12;
    if (got < 17) {
        return;
    }
    names->asked_count++;
    if (names->is_silent) {
        return;
    }
    while (bytes[len] != 0) {
        len += bytes[len] + 1u;
    }
    bool is_aaaa = bytes[len + 2] == 28;
    len += 5;
    bytes[2] = 0x84; /* an answer, with authority */
    bytes[3] = names->knows_none ? 3 : 0;
    bytes[7] = names->knows_none ? 0 : 1;
    memset(bytes + 8, 0, 4);
    if (!names->knows_none) {
        const uint8_t record[] = {0xc0, 12, 0, is_aaaa ? 28 : 1, 0, 1, 0, 0,
                                  0,    60, 0, is_aaaa ? 16 : 4};
        const uint8_t a[] = {192, 0, 2, 7};
        const uint8_t aaaa[] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
        memcpy(bytes + len, record, sizeof(record));
        len += sizeof(record);
        memcpy(bytes + len, is_aaaa ? aaaa : a, is_aaaa ? 16 : 4);
        len += is_aaaa ? 16 : 4;
    }
    sendto(names->fd, bytes, len, 0, (struct sockaddr *)&from, from_len);
}

static void play_until_done(struct pl_client_env *env, struct names *names, struct asked *asked)
{
    struct pl_client_ready ready[8];
    for (int i = 0; i < 2000 && !asked->is_done; i++) {
        assert_int_equal(env->wait(env->user, ready, 8, 5), 0);
        if (names != NULL) {
            names_turn(names);
        }
    }
    assert_true(asked->is_done);
}

static void ask(struct pl_client_env *env, struct asked *asked, const char *host)
{
    struct pl_error err = {0};
    *asked = (struct asked){.lookup.on_done = on_done};
    assert_int_equal(env->lookup(env->user, &asked->lookup, pl_str_of_cstr(host), 4000, &err), 0);
    assert_false(asked->is_done); /* never inside */
}

/* --- tests --- */

static void test_resolve_digits_and_localhost(void **state)
{
    static const struct {
        const char *host;
        const char *first;
    } rows[] = {{"192.0.2.1", "192.0.2.1:4000"},
                {"2001:db8::2", "[2001:db8::2]:4000"},
                {"localhost", NULL}};
    struct pl_client_env env;
    (void)state;
    assert_int_equal(pl_client_env_system(&env, NULL), 0);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct asked asked;
        char text[PL_ADDRESS_TEXT_MAX];
        ask(&env, &asked, rows[i].host);
        play_until_done(&env, NULL, &asked);
        assert_int_equal(asked.error, 0);
        assert_true(asked.count >= 1);
        pl_address_format(text, &asked.addresses[0]);
        if (rows[i].first != NULL) {
            assert_string_equal(text, rows[i].first);
        } else {
            assert_true(strcmp(text, "127.0.0.1:4000") == 0 || strcmp(text, "[::1]:4000") == 0);
        }
    }
    env.destroy(env.user);
}

static void env_open(struct pl_client_env *env, struct names *names, char *servers, size_t size)
{
    names_open(names);
    snprintf(servers, size, "127.0.0.1:%u", (unsigned)names->port);
    assert_int_equal(pl_client_env_system_with(env, servers, NULL), 0);
}

static void test_resolve_gives_both_families(void **state)
{
    struct pl_client_env env;
    struct names names;
    struct asked asked;
    char servers[32];
    char text[PL_ADDRESS_TEXT_MAX];
    bool has[2] = {0};
    (void)state;
    env_open(&env, &names, servers, sizeof(servers));
    ask(&env, &asked, "game.test");
    play_until_done(&env, &names, &asked);
    assert_int_equal(asked.error, 0);
    assert_int_equal(asked.count, 2);
    for (size_t i = 0; i < 2; i++) {
        pl_address_format(text, &asked.addresses[i]);
        has[0] = has[0] || strcmp(text, "192.0.2.7:4000") == 0;
        has[1] = has[1] || strcmp(text, "[2001:db8::7]:4000") == 0;
    }
    assert_true(has[0] && has[1]);
    assert_int_equal(env.wait_ms(env.user), -1);
    close(names.fd);
    env.destroy(env.user);
}

static void test_resolve_unknown_name_is_told(void **state)
{
    struct pl_client_env env;
    struct names names;
    struct asked asked;
    char servers[32];
    (void)state;
    env_open(&env, &names, servers, sizeof(servers));
    names.knows_none = true;
    ask(&env, &asked, "nobody.test");
    play_until_done(&env, &names, &asked);
    assert_int_equal(asked.error, PL_E_NOT_FOUND);
    assert_non_null(strstr(asked.reason, "nobody.test"));
    close(names.fd);
    env.destroy(env.user);
}

static void test_resolve_cancelled_name_is_never_told(void **state)
{
    struct pl_client_env env;
    struct pl_client_ready ready[8];
    struct names names;
    struct asked asked;
    struct asked other;
    char servers[32];
    (void)state;
    env_open(&env, &names, servers, sizeof(servers));
    ask(&env, &asked, "first.test"); /* on its way */
    ask(&env, &other, "other.test");
    env.cancel_lookup(env.user, &asked.lookup);
    play_until_done(&env, &names, &other);
    assert_false(asked.is_done);
    ask(&env, &asked, "127.0.0.1"); /* known, not told yet */
    env.cancel_lookup(env.user, &asked.lookup);
    assert_int_equal(env.wait(env.user, ready, 8, 0), 0);
    assert_false(asked.is_done);
    ask(&env, &asked, "last.test"); /* the end of the world */
    env.cancel_lookup(env.user, &asked.lookup);
    ask(&env, &other, "really.last.test");
    env.destroy(env.user);
    assert_false(asked.is_done || other.is_done);
    close(names.fd);
}

static void test_resolve_silence_has_a_deadline(void **state)
{
    struct pl_client_env env;
    struct names names;
    struct asked asked;
    char servers[32];
    (void)state;
    env_open(&env, &names, servers, sizeof(servers));
    names.is_silent = true;
    ask(&env, &asked, "slow.test");
    assert_true(env.wait_ms(env.user) > 0 && env.wait_ms(env.user) <= 2000);
    env.cancel_lookup(env.user, &asked.lookup);
    env.destroy(env.user);
    close(names.fd);
}

static void test_resolve_wake_ends_a_wait(void **state)
{
    struct pl_client_env env;
    struct pl_client_ready ready[8];
    (void)state;
    assert_int_equal(pl_client_env_system(&env, NULL), 0);
    env.wake(env.user);
    struct pollfd fd = {.fd = env.fd(env.user), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_int_equal(env.wait(env.user, ready, 8, -1), 0);
    assert_int_equal(poll(&fd, 1, 0), 0);
    env.destroy(env.user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve_digits_and_localhost),
        cmocka_unit_test(test_resolve_gives_both_families),
        cmocka_unit_test(test_resolve_unknown_name_is_told),
        cmocka_unit_test(test_resolve_cancelled_name_is_never_told),
        cmocka_unit_test(test_resolve_silence_has_a_deadline),
        cmocka_unit_test(test_resolve_wake_ends_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
