/* Signals through a descriptor. */
#include "app/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t watched_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);
    return set;
}

void pl_signals_init(struct pl_signals *signals)
{
    sigset_t set = watched_signals();
    *signals = (struct pl_signals){.watch = {.fd = -1}};
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the store, not the end */
}

static void on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_signals *signals = PL_CONTAINER_OF(watch, struct pl_signals, watch);
    struct signalfd_siginfo info;
    (void)ready;
    if (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        signals->on_signal(signals->user, (int)info.ssi_signo);
    }
}

int pl_signals_start(struct pl_signals *signals, struct pl_loop *loop,
                     void (*on_signal)(void *user, int number), void *user, struct pl_error *err)
{
    sigset_t set = watched_signals();
    signals->loop = loop;
    signals->on_signal = on_signal;
    signals->user = user;
    signals->watch = (struct pl_watch){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                                       .on_ready = on_ready};
    if (signals->watch.fd < 0) {
        return pl_error_set(err, PL_E_IO, "cannot watch signals: %s", strerror(errno));
    }
    return pl_watch_start(loop, &signals->watch, PL_READY_READ, err);
}

void pl_signals_stop(struct pl_signals *signals)
{
    sigset_t set = watched_signals();
    if (signals->watch.fd >= 0) {
        pl_watch_stop(signals->loop, &signals->watch);
        close(signals->watch.fd);
        signals->watch.fd = -1;
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
