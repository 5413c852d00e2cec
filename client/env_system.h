/* The real world with name servers of the caller's: a test's way in. Threads: the client's. */
#ifndef PL_CLIENT_ENV_SYSTEM_H
#define PL_CLIENT_ENV_SYSTEM_H

#include "client/env.h"

/* As pl_client_env_system.
 *   servers  as of pl_resolver_create */
PL_MUST_CHECK int pl_client_env_system_with(struct pl_client_env *out, const char *servers,
                                            struct pl_error *err);

#endif
