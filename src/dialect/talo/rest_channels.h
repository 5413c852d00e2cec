/* What the endpoints of channels, their members and their storage share (spec talo, 3.11 and 3.12).
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_REST_CHANNELS_H
#define PL_DIALECT_TALO_REST_CHANNELS_H

#include "dialect/talo/rest.h"
#include "store/talo/channels.h"

/* Who acts: the request's alias, now. */
struct pl_talo_actor pl_talo_request_actor(const struct pl_talo_request *request);

/* The error of an enum pl_talo_channel_refusal. BAD_PROPS is the caller's to answer. */
void pl_talo_answer_channel_refusal(struct pl_talo_request *request, int refusal);

/* {"channel":...} with memberCount. */
void pl_talo_answer_channel(struct pl_talo_request *request, const struct pl_talo_channel *channel);

/* A filter by a prop, of two fields of a query: NULL pointers where there is none. A value without a
 * key is not looked at, and what is empty is not given. */
struct pl_talo_prop_filter {
    struct pl_str key;
    struct pl_str value;
};

struct pl_talo_prop_filter pl_talo_prop_filter_of(const struct pl_talo_value *key,
                                                  const struct pl_talo_value *value);

extern const struct pl_talo_field pl_talo_channel_id[]; /* the path's {id} */

#endif
