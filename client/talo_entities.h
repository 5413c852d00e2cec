/* The tables of what the service knows: players, channels, results, messages.
 * Source: shared spec talo.md section 4, 1.8 and 3. Threads: any. */
#ifndef PL_CLIENT_TALO_ENTITIES_H
#define PL_CLIENT_TALO_ENTITIES_H

#include "client/talo_shape.h"
#include "parley/client_talo.h"

extern const struct pl_talo_shape pl_talo_alias_shape;   /* struct parley_talo_alias */
extern const struct pl_talo_shape pl_talo_result_shape;  /* struct parley_talo_result */
extern const struct pl_talo_shape pl_talo_message_shape; /* struct parley_talo_message */
extern const struct pl_talo_shape pl_talo_error_shape;   /* struct parley_talo_error */

#endif
