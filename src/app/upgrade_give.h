/* Giving a connection to the process that takes this one's place. Threads: the loop's. */
#ifndef PL_APP_UPGRADE_GIVE_H
#define PL_APP_UPGRADE_GIVE_H

#include "app/listeners.h"
#include "app/upgrade_link.h"
#include "web/handover.h"

/* Send it over the link; one with TLS, whose state cannot leave, is relayed from now on. What
 * cannot be sent is closed. */
void pl_upgrade_give(struct pl_upgrade_link *link, const struct pl_listeners *listeners,
                     const struct pl_web_departure *departure);

#endif
