/* What Talo's world should do, as simply as it can be said: tables of who is where, changed by one
 * operation after the other as the store gives them back, and for each connection the text of what
 * it is to receive. Knows nothing of caches, streams, queues or retries.
 * Places are numbers from 0; ids are the place plus one. */
#ifndef PL_SIM_TALO_MODEL_H
#define PL_SIM_TALO_MODEL_H

#include "base/buf.h"
#include "base/uuid.h"
#include "store/store.h"

#define MODEL_ALIASES_MAX 12
#define MODEL_CHANNELS_MAX 48
#define MODEL_CONNS_MAX 20
#define MODEL_SUBSCRIPTIONS_MAX 128
#define MODEL_NOBODY (-1)
#define MODEL_DETAILS_MAX 32

/* What is known for sure about a player's presence once the store has answered everything. */
enum model_certainty {
    MODEL_OFFLINE,   /* its last connection has closed since, or it never had one */
    MODEL_ONLINE,    /* somebody has identified as it since */
    MODEL_UNCERTAIN, /* set by a request, or left by identifying as somebody else */
};

struct model_player {
    struct pl_uuid id;
    bool is_gone; /* merged into another one */
    bool has_presence;
    bool is_online; /* as stored */
    int status;
    int changed_by; /* alias, or nobody */
    enum model_certainty certainty;
};

struct model_channel {
    bool exists;
    bool is_auto_cleanup;
    bool is_private;
    bool is_temporary;
    int owner;
    int64_t message_count;
    bool members[MODEL_ALIASES_MAX];
};

struct model_subscription {
    bool exists;
    bool is_confirmed;
    bool is_bidirectional;
    int subscriber;
    int target;
};

/* What waits for an answer: a connection has one at most. */
struct model_request {
    bool is_open; /* the connection has not closed meanwhile */
    int conn;
    int alias;
    int channel; /* of a message */
    uint32_t text;
    bool was_member;
    bool is_delivered;
    const struct pl_store_op *op; /* that it waits for; NULL: none, or one that the model passes
                                     over */
};

struct model_conn {
    bool is_open;
    int alias; /* nobody: not identified */
    uint32_t scopes;
    /* What it follows: the memberships of its alias, as the hub has heard of them. */
    bool channels[MODEL_CHANNELS_MAX];
    bool broadcasters[MODEL_ALIASES_MAX];
    struct pl_buf expected;
};

#define MODEL_REQUESTS_MAX 512

struct model {
    bool has_doubt; /* a write happened that was told as failed: what is shown may be older */
    int alias_count;
    int player_count;
    int alias_player[MODEL_ALIASES_MAX];
    struct model_player players[MODEL_ALIASES_MAX];
    struct model_channel channels[MODEL_CHANNELS_MAX];
    struct model_subscription subscriptions[MODEL_SUBSCRIPTIONS_MAX];
    struct model_conn conns[MODEL_CONNS_MAX];
    /* identifies, and messages whose sender or channel is being loaded, in the order of asking */
    struct model_request identifies[MODEL_REQUESTS_MAX];
    size_t identify_count;
    struct model_request messages[MODEL_REQUESTS_MAX];
    size_t message_count;
};

/* How an operation ended. */
struct model_outcome {
    bool has_happened; /* whatever was told */
    bool is_known;     /* it was told as done */
};

void model_init(struct model *model);
void model_fini(struct model *model);

/* An operation has come back. Returns false when it should have been done and was refused, or the
 * other way round. */
bool model_complete(struct model *model, const struct pl_store_op *op, struct model_outcome outcome,
                    bool is_own);

void model_open(struct model *model, int conn, uint32_t scopes);
void model_close(struct model *model, int conn);

/* An identify is under way. */
void model_ask_identify(struct model *model, int conn, int alias);

/* The request that was asked last waits for this operation: an identify, or a load of a message. */
void model_wait(struct model *model, const struct pl_store_op *op);

/* A message is under way. */
struct model_request *model_ask_message(struct model *model, int conn, int channel, uint32_t text);
struct model_request *model_find_message(struct model *model, int conn);
void model_forget_message(struct model *model, const struct model_request *request);

/* The message, or broadcast (channel nobody), reaches whom it should. */
void model_deliver(struct model *model, struct model_request *request);

/* What the connection is to receive next. */
void model_expect(struct model *model, int conn, const char *fmt, ...) PL_PRINTF(3, 4);

/* What a message shows of its sender's status and its channel's owner (id; 0: nobody, or no
 * channel), while that is certain. */
const char *model_details(char out[MODEL_DETAILS_MAX], const struct model *model, char status,
                          int owner);

/* Whether another connection is identified as the player. */
bool model_is_connected(const struct model *model, int player);

#endif
