/* What the endpoints of player authentication (spec talo, 3.9) share: the crypto pool, the mail, and
 * the codes that players were sent. Codes live in memory only; a restart voids them.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_AUTH_SERVICE_H
#define PL_DIALECT_TALO_AUTH_SERVICE_H

#include "hub/hub.h"
#include "work/crypto.h"
#include "work/mail.h"

struct pl_talo_auth_service;

struct pl_talo_auth_config {
    struct pl_hub *hub; /* everything is borrowed, and outlives the service */
    struct pl_crypto *crypto;
    struct pl_mail *mail;
    const struct pl_log *log;
    uint32_t bcrypt_cost; /* of new passwords; PL_BCRYPT_COST_MIN to _MAX */
};

struct pl_talo_auth_service *pl_talo_auth_service_create(const struct pl_talo_auth_config *config);
void pl_talo_auth_service_destroy(struct pl_talo_auth_service *service); /* NULL is fine */

/* Of passwords set from now on. */
void pl_talo_auth_service_set_cost(struct pl_talo_auth_service *service, uint32_t bcrypt_cost);

#endif
