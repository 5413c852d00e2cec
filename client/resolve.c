/* Name lookup: a channel of c-ares lives as long as names are being looked up, so that each burst of
 * lookups reads the system's settings anew and an idle client holds nothing. Results are kept until
 * pl_resolver_run, since c-ares may answer at once. */
#include "client/resolve.h"

#include "base/alloc.h"
#include "base/list.h"

#include <ares.h>
#include <arpa/inet.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#define TRY_TIMEOUT_MS 2000 /* of the first try; the next ones double it */
#define TRIES 3
#define HOST_MAX 255

struct pl_resolver {
    int epoll_fd; /* borrowed */
    const char *servers;
    ares_channel channel; /* NULL while nothing is looked up */
    size_t asked_count;   /* queries that c-ares has not answered */
    struct pl_list done;  /* answers that were not told yet */
};

/* On `done`, or known to c-ares. */
struct answer {
    struct pl_list node;
    struct pl_resolver *resolver;
    struct pl_client_lookup *lookup; /* NULL: cancelled */
    uint16_t port;
    size_t count;
    struct pl_address addresses[PL_CLIENT_ADDRESSES_MAX];
    int error;
    struct pl_error err;
    char host[HOST_MAX + 1];
};

int pl_resolver_create(struct pl_resolver **out, int epoll_fd, const char *servers)
{
    struct pl_resolver *resolver = pl_try_alloc(sizeof(*resolver));
    *out = resolver;
    if (resolver == NULL) {
        return PL_E_NOMEM;
    }
    *resolver = (struct pl_resolver){.epoll_fd = epoll_fd, .servers = servers};
    pl_list_init(&resolver->done);
    return 0;
}

static void close_channel(struct pl_resolver *resolver)
{
    if (resolver->channel != NULL) {
        ares_destroy(resolver->channel); /* answers what is open with ARES_EDESTRUCTION */
        resolver->channel = NULL;
    }
}

void pl_resolver_destroy(struct pl_resolver *resolver)
{
    struct pl_list *node = NULL;
    if (resolver == NULL) {
        return;
    }
    close_channel(resolver);
    while ((node = pl_list_pop_front(&resolver->done)) != NULL) {
        pl_free(PL_CONTAINER_OF(node, struct answer, node));
    }
    pl_free(resolver);
}

/* --- sockets --- */

static void on_socket(void *user, ares_socket_t fd, int wants_read, int wants_write)
{
    struct pl_resolver *resolver = user;
    struct epoll_event event = {.data.u64 = ((uint64_t)(unsigned)fd << 1) | 1};
    event.events |= wants_read != 0 ? (uint32_t)EPOLLIN : 0;
    event.events |= wants_write != 0 ? (uint32_t)EPOLLOUT : 0;
    if (event.events == 0) {
        epoll_ctl(resolver->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    } else if (epoll_ctl(resolver->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0) {
        /* it is new; without room for it the query times out */
        epoll_ctl(resolver->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static int open_channel(struct pl_resolver *resolver, struct pl_error *err)
{
    struct ares_options options = {.timeout = TRY_TIMEOUT_MS,
                                   .tries = TRIES,
                                   .sock_state_cb = on_socket,
                                   .sock_state_cb_data = resolver};
    int status = ARES_SUCCESS;
    if (resolver->channel != NULL) {
        return 0;
    }
    status = ares_init_options(&resolver->channel, &options,
                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        resolver->channel = NULL;
    } else if (resolver->servers != NULL) {
        status = ares_set_servers_ports_csv(resolver->channel, resolver->servers);
    }
    if (status != ARES_SUCCESS) {
        close_channel(resolver);
        return pl_error_set(err, status == ARES_ENOMEM ? PL_E_NOMEM : PL_E_IO,
                            "names cannot be looked up: %s", ares_strerror(status));
    }
    return 0;
}

/* --- answers --- */

static void add_address(struct answer *answer, const struct sockaddr *from, size_t size)
{
    struct sockaddr_storage sockaddr = {0};
    struct pl_address *address = &answer->addresses[answer->count];
    memcpy(&sockaddr, from, pl_size_min(size, sizeof(sockaddr)));
    pl_address_from_sockaddr(address, &sockaddr);
    if (address->family == PL_ADDRESS_IPV4 || address->family == PL_ADDRESS_IPV6) {
        address->port = answer->port;
        answer->count++;
    }
}

static int error_of(int status)
{
    switch (status) { /* c-ares's own list, of which these matter */
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
    case ARES_EBADNAME:
        return PL_E_NOT_FOUND;
    case ARES_ETIMEOUT:
        return PL_E_TIMEOUT;
    case ARES_ENOMEM:
        return PL_E_NOMEM;
    default:
        return PL_E_IO;
    }
}

static void set_failure(struct answer *answer, int status)
{
    answer->error = error_of(status);
    if (answer->error == PL_E_NOT_FOUND) {
        pl_error_set(&answer->err, PL_E_NOT_FOUND,
                     "there is no address for the name '%.100s'; is it spelled right?",
                     answer->host);
    } else {
        pl_error_set(&answer->err, answer->error, "the name '%.100s' cannot be looked up: %s",
                     answer->host, ares_strerror(status));
    }
}

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *result)
{
    struct answer *answer = user;
    (void)timeouts;
    answer->resolver->asked_count--;
    if (answer->lookup == NULL) {
        ares_freeaddrinfo(result);
        pl_free(answer);
        return;
    }
    for (struct ares_addrinfo_node *node = result == NULL ? NULL : result->nodes;
         node != NULL && answer->count < PL_CLIENT_ADDRESSES_MAX; node = node->ai_next) {
        add_address(answer, node->ai_addr, (size_t)node->ai_addrlen);
    }
    ares_freeaddrinfo(result);
    if (answer->count == 0) {
        set_failure(answer, status == ARES_SUCCESS ? ARES_ENODATA : status);
    }
    answer->lookup->state = answer;
    pl_list_push_back(&answer->resolver->done, &answer->node);
}

/* --- lookups --- */

/* An address in digits needs nobody's help. */
static bool read_digits(struct answer *answer)
{
    struct pl_address *address = &answer->addresses[0];
    if (inet_pton(AF_INET, answer->host, address->bytes) == 1) {
        address->family = PL_ADDRESS_IPV4;
    } else if (inet_pton(AF_INET6, answer->host, address->bytes) == 1) {
        address->family = PL_ADDRESS_IPV6;
    } else {
        return false;
    }
    address->port = answer->port;
    answer->count = 1;
    return true;
}

/* This machine, by both of its addresses whatever its hosts file says. Source: RFC 6761 section 6.3. */
static bool read_localhost(struct answer *answer)
{
    if (strcasecmp(answer->host, "localhost") != 0) {
        return false;
    }
    answer->addresses[0] = (struct pl_address){.family = PL_ADDRESS_IPV6, .port = answer->port};
    answer->addresses[0].bytes[15] = 1;
    answer->addresses[1] = (struct pl_address){
        .family = PL_ADDRESS_IPV4, .port = answer->port, .bytes = {127, 0, 0, 1}};
    answer->count = 2;
    return true;
}

static void ask(struct answer *answer)
{
    const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    answer->resolver->asked_count++;
    /* answer may be gone behind this line only if it was cancelled, which nobody could yet */
    ares_getaddrinfo(answer->resolver->channel, answer->host, NULL, &hints, on_answer, answer);
}

int pl_resolver_lookup(struct pl_resolver *resolver, struct pl_client_lookup *lookup,
                       struct pl_str host, uint16_t port, struct pl_error *err)
{
    struct answer *answer = NULL;
    int rc = 0;
    lookup->state = NULL;
    answer = pl_try_alloc(sizeof(*answer));
    if (answer == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory to look a name up");
    }
    *answer = (struct answer){.resolver = resolver, .lookup = lookup, .port = port};
    pl_list_init(&answer->node);
    lookup->state = answer;
    if (host.len == 0 || host.len > HOST_MAX || memchr(host.ptr, 0, host.len) != NULL) {
        memcpy(answer->host, host.ptr, pl_size_min(host.len, HOST_MAX));
        set_failure(answer, ARES_EBADNAME);
        pl_list_push_back(&resolver->done, &answer->node);
        return 0;
    }
    memcpy(answer->host, host.ptr, host.len);
    if (read_digits(answer) || read_localhost(answer)) {
        pl_list_push_back(&resolver->done, &answer->node);
        return 0;
    }
    rc = open_channel(resolver, err);
    if (rc < 0) {
        lookup->state = NULL;
        pl_free(answer);
        return rc;
    }
    ask(answer);
    return 0;
}

void pl_resolver_cancel(struct pl_resolver *resolver, struct pl_client_lookup *lookup)
{
    struct answer *answer = lookup->state;
    (void)resolver;
    if (answer == NULL) {
        return;
    }
    lookup->state = NULL;
    answer->lookup = NULL;
    if (pl_list_is_linked(&answer->node)) {
        pl_list_remove(&answer->node);
        pl_free(answer);
    } /* else c-ares has it, and its answer frees it */
}

/* --- running --- */

void pl_resolver_on_ready(struct pl_resolver *resolver, uint64_t tag, uint32_t events)
{
    ares_socket_t fd = (ares_socket_t)(tag >> 1);
    bool has_failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (resolver->channel != NULL) {
        ares_process_fd(resolver->channel,
                        has_failed || (events & EPOLLIN) != 0 ? fd : ARES_SOCKET_BAD,
                        has_failed || (events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
    }
}

void pl_resolver_run(struct pl_resolver *resolver)
{
    struct pl_list *node = NULL;
    if (resolver->asked_count > 0) {
        ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
    if (resolver->asked_count == 0) {
        close_channel(resolver);
    }
    while ((node = pl_list_pop_front(&resolver->done)) != NULL) {
        struct answer *answer = PL_CONTAINER_OF(node, struct answer, node);
        struct pl_client_lookup *lookup = answer->lookup;
        lookup->state = NULL;
        lookup->on_done(lookup, answer->addresses, answer->count, answer->error,
                        answer->error != 0 ? &answer->err : NULL);
        pl_free(answer);
    }
}

int pl_resolver_wait_ms(const struct pl_resolver *resolver)
{
    struct timeval until = {0};
    if (!pl_list_is_empty(&resolver->done)) {
        return 0;
    }
    if (resolver->asked_count == 0) {
        return -1;
    }
    if (ares_timeout(resolver->channel, NULL, &until) == NULL) {
        return -1;
    }
    return (int)(until.tv_sec * 1000 + (until.tv_usec + 999) / 1000);
}
