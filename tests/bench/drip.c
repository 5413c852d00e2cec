/* Each connection has its turn in a ring, one after the other at equal distances in time; a turn is
 * a byte, or opening it again. That the server has ended one is noticed when its byte fails. */
#include "drip.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS_PER_STEP = 4 };

static const char beginning[] = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

struct pl_drip {
    int *fds; /* -1: not open */
    size_t count;
    size_t next;    /* whose turn it is */
    int64_t gap_ns; /* between two turns, of whomever */
    int64_t due_ns; /* of the next turn; 0: now begins the first */
    struct sockaddr_in target;
    unsigned source_count;
    size_t open_count;
    uint64_t cut_count;
};

int pl_drip_create(struct pl_drip **out, const struct sockaddr_in *target, unsigned source_count,
                   size_t count, int64_t gap_ms, struct pl_error *err)
{
    if (count == 0) {
        return pl_error_set(err, PL_E_INVALID, "no attackers");
    }
    struct pl_drip *drip = pl_alloc(sizeof(*drip));
    *drip = (struct pl_drip){.fds = pl_alloc_array(count, sizeof(int)),
                             .count = count,
                             .gap_ns = gap_ms * 1000000 / (int64_t)count,
                             .target = *target,
                             .source_count = source_count};
    for (size_t i = 0; i < count; i++) {
        drip->fds[i] = -1;
    }
    *out = drip;
    return 0;
}

void pl_drip_destroy(struct pl_drip *drip)
{
    if (drip == NULL) {
        return;
    }
    for (size_t i = 0; i < drip->count; i++) {
        if (drip->fds[i] >= 0) {
            close(drip->fds[i]);
        }
    }
    pl_free(drip->fds);
    pl_free(drip);
}

size_t pl_drip_open_count(const struct pl_drip *drip)
{
    return drip->open_count;
}

uint64_t pl_drip_cut_count(const struct pl_drip *drip)
{
    return drip->cut_count;
}

/* Loopback connects at once: the kernel of this machine answers. */
static void begin(struct pl_drip *drip, size_t index)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % drip->source_count));
    if (fd < 0) {
        return;
    }
    bool is_connecting =
        bind(fd, (const struct sockaddr *)&source, sizeof(source)) == 0 &&
        (connect(fd, (const struct sockaddr *)&drip->target, sizeof(drip->target)) == 0 ||
         errno == EINPROGRESS);
    if (!is_connecting || send(fd, beginning, sizeof(beginning) - 1, MSG_NOSIGNAL) < 0) {
        close(fd);
        return;
    }
    drip->fds[index] = fd;
    drip->open_count++;
}

/* Whether the server has said something (408) or ended it. */
static bool is_cut(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

static void take_turn(struct pl_drip *drip, size_t index)
{
    int fd = drip->fds[index];
    if (fd < 0) {
        begin(drip, index);
        return;
    }
    if (is_cut(fd) || (send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN)) {
        close(fd);
        drip->fds[index] = -1;
        drip->open_count--;
        drip->cut_count++;
        begin(drip, index);
    }
}

void pl_drip_step(struct pl_drip *drip, int64_t now_ns)
{
    if (drip->due_ns == 0) {
        drip->due_ns = now_ns;
    }
    for (int i = 0; i < TURNS_PER_STEP && drip->due_ns <= now_ns; i++) {
        take_turn(drip, drip->next);
        drip->next = (drip->next + 1) % drip->count;
        drip->due_ns += drip->gap_ns;
    }
}
