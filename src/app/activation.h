/* Sockets that the service manager made and listens on (socket activation).
 * Source: sd_listen_fds(3), whose protocol is three variables of the environment.
 * Threads: before there are others, since the environment is changed. */
#ifndef PL_APP_ACTIVATION_H
#define PL_APP_ACTIVATION_H

#include "app/listeners.h"

/* Take the descriptors that are meant for this process, at most `max`; what they are bound to tells
 * which is which. The variables are gone afterwards. Returns how many there are. */
size_t pl_activation_take(struct pl_listen_fd *out, size_t max);

#endif
