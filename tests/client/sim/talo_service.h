/* A model of Talo's service behind the simulated network: one player, one channel, a session that it
 * finds too old once. It answers requests by their beginning, and messages by what is in them.
 * Threads: one. */
#ifndef PL_CLIENT_SIM_TALO_SERVICE_H
#define PL_CLIENT_SIM_TALO_SERVICE_H

#include "server.h"

struct talo_service {
    struct net net;
    struct server server;
    bool has_refused;        /* the session */
    uint64_t said_count;     /* channel messages that it was sent */
    uint64_t identify_count; /* sockets that said who they are */
};

/* A network and a server on it. */
void talo_service_init(struct talo_service *service, uint64_t seed,
                       const struct server_options *options);
void talo_service_fini(struct talo_service *service);

/* When the next thing happens on this side, or for `wait_ms` of the client's; -1: never. */
int64_t talo_service_next_ms(const struct talo_service *service, int wait_ms);

/* Let it happen. */
void talo_service_run(struct talo_service *service, int64_t now_ms);

#endif
