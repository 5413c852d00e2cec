/* What a hostile peer sends before, in the middle of and behind a real handshake. The first byte
 * chooses the version and whether input comes cut in pieces; then come steps, a byte each with its
 * operands: OpenSSL's client goes on and what it wrote comes whole, changed, cut short, twice or in
 * another order; records and bytes of the input's own come in between. Whatever happens, plaintext
 * that reaches us is what the client said, in order; an end is final; what waits to be sent is
 * bounded; and without tampering everything arrives. Randomness is scripted, so that an input runs
 * alike each time. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method: the one way that takes two lines */

#include "fuzz.h"

#include "base/alloc.h"
#include "memory_file.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#define OUT_MAX ((size_t)256 * 1024)
#define FLIGHT_MAX ((size_t)64 * 1024)
#define SAID_MAX ((size_t)64 * 1024)
#define STEPS_MAX 200

enum {
    STEP_CARRY,  /* what the client wrote comes to us; ours goes to it */
    STEP_CHANGE, /* two bytes of place, one to exclusive-or with */
    STEP_CUT,    /* a byte: so many 256ths of it come */
    STEP_AGAIN,  /* it comes twice */
    STEP_HOLD,   /* it comes behind what comes next */
    STEP_BYTES,  /* a length, then bytes of the input */
    STEP_RECORD, /* a type, a length, then a record's body */
    STEP_SAY,    /* a length: the client says something of it times 64 */
    STEP_ANSWER, /* a length: we say something of it times 64 */
    STEP_CLOSE,  /* the client closes */
    STEP_WE_CLOSE,
    STEP_NAME,     /* a length, then the server name to ask for */
    STEP_PROTOCOL, /* a length, then the protocols to offer */
    STEP_KEYS,     /* TLS 1.3: the client wants new keys; its byte: and ours, too */
    STEP_COUNT,
};

struct world {
    struct pl_tls *tls;
    SSL *client;
    uint8_t flight[FLIGHT_MAX]; /* what the client wrote and we have not seen */
    size_t flight_len;
    uint8_t said[SAID_MAX]; /* by the client, on its way or here */
    size_t said_len;
    size_t heard_len; /* of it, by us */
    size_t piece;     /* input comes in pieces of this size; 0: whole */
    bool is_tampered;
    bool has_closed; /* one of the two */
    int end;         /* of reading; 0 before */
};

/* --- scripted randomness --- */

static uint64_t random_state;

static int random_bytes(unsigned char *out, int size)
{
    for (int i = 0; i < size; i++) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (unsigned char)(random_state >> 56);
    }
    return 1;
}

static int random_status(void)
{
    return 1;
}

static struct pl_tls_context *context_get(void)
{
    static const RAND_METHOD method = {
        .bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};
    static struct pl_tls_context *context;
    if (context == NULL) {
        struct pl_tls_pair pair;
        struct pl_tls_config config = {.pairs = &pair, .pair_count = 1, .ticket_lifetime_s = 60};
        RAND_set_rand_method(&method);
        pair = (struct pl_tls_pair){memory_certificate()->path, memory_key()->path};
        PL_ASSERT(pl_tls_context_create(&context, &config, NULL) == 0);
    }
    return context;
}

/* --- bytes to us --- */

static void hear(struct world *world, const uint8_t *bytes, size_t len)
{
    PL_ASSERT(world->heard_len + len <= world->said_len);
    PL_ASSERT(memcmp(world->said + world->heard_len, bytes, len) == 0);
    world->heard_len += len;
}

static void show_piece(struct world *world, struct pl_str in)
{
    uint8_t plain[1024];
    ptrdiff_t got = 0;
    do {
        size_t before = in.len;
        got = pl_tls_read(world->tls, &in, (struct pl_span){plain, sizeof(plain)}, NULL);
        PL_ASSERT(in.len <= before && got <= (ptrdiff_t)sizeof(plain));
        PL_ASSERT(world->end == 0 || got == world->end);
        if (got > 0) {
            hear(world, plain, (size_t)got);
        }
    } while (got > 0);
    PL_ASSERT(got < 0 || in.len == 0);
    PL_ASSERT((got < 0) == pl_tls_has_ended(world->tls));
    PL_ASSERT(pl_tls_out(world->tls)->len <= OUT_MAX);
    world->end = (int)got;
}

static void show(struct world *world, const uint8_t *bytes, size_t len)
{
    size_t piece = world->piece == 0 ? pl_size_max(len, 1) : world->piece;
    for (size_t at = 0; at < len; at += piece) {
        show_piece(world, pl_str_make((const char *)bytes + at, pl_size_min(piece, len - at)));
    }
}

/* --- the client --- */

static void step_client(struct world *world)
{
    uint8_t plain[1024];
    struct pl_buf *out = pl_tls_out(world->tls);
    int got = 0;
    BIO_write(SSL_get_rbio(world->client), out->ptr, (int)out->len);
    pl_buf_consume(out, out->len);
    while (SSL_read(world->client, plain, sizeof(plain)) > 0) {
    }
    ERR_clear_error();
    got = BIO_read(SSL_get_wbio(world->client), world->flight + world->flight_len,
                   (int)(FLIGHT_MAX - world->flight_len));
    world->flight_len += got > 0 ? (size_t)got : 0;
}

static void release(struct world *world)
{
    show(world, world->flight, world->flight_len);
    world->flight_len = 0;
}

static void say(struct world *world, size_t len)
{
    len = pl_size_min(len, SAID_MAX - world->said_len);
    for (size_t i = 0; i < len; i++) {
        world->said[world->said_len + i] = (uint8_t)(world->said_len + i * 3);
    }
    if (len > 0 && SSL_write(world->client, world->said + world->said_len, (int)len) > 0) {
        world->said_len += len;
    }
    ERR_clear_error();
}

static void answer(struct world *world, size_t len)
{
    static const char plain[256 * 64];
    bool is_ready = pl_tls_is_ready(world->tls);
    int rc = pl_tls_write(world->tls, pl_str_make(plain, len), NULL);
    PL_ASSERT(rc == 0 || rc == PL_E_AGAIN || rc == PL_E_CLOSED || rc == PL_E_NOMEM);
    PL_ASSERT(rc != 0 || is_ready);
    PL_ASSERT(world->end == 0 || world->end == PL_E_CLOSED || rc != 0);
    if (rc == PL_E_NOMEM) { /* we said more than the client took: that is the end of it */
        world->end = rc;
        world->is_tampered = true;
    }
}

/* --- steps --- */

/* The input's next byte; 0 at its end. */
static uint8_t take(struct pl_str *input)
{
    uint8_t byte = input->len > 0 ? (uint8_t)input->ptr[0] : 0;
    *input = pl_str_from(*input, 1);
    return byte;
}

/* A byte of length, then so many bytes, or those that are left. */
static struct pl_str take_bytes(struct pl_str *input)
{
    size_t len = take(input);
    struct pl_str bytes = pl_str_first(*input, len);
    *input = pl_str_from(*input, bytes.len);
    return bytes;
}

static void send_changed(struct world *world, struct pl_str *input)
{
    size_t place = (size_t)take(input) << 8;
    place |= take(input);
    if (world->flight_len > 0) {
        world->flight[place % world->flight_len] ^= take(input);
    }
    release(world);
}

static void send_record(struct world *world, uint8_t type, struct pl_str body)
{
    uint8_t record[5 + 255] = {type, 3, 3, 0, (uint8_t)body.len};
    memcpy(record + 5, body.ptr, body.len);
    show(world, record, 5 + body.len);
}

/* What is asked for in the ClientHello. */
static void ask(struct world *world, uint8_t step, struct pl_str text)
{
    char name[256] = {0};
    memcpy(name, text.ptr, text.len);
    if (!SSL_in_before(world->client)) {
        return;
    }
    if (step == STEP_NAME) {
        SSL_set_tlsext_host_name(world->client, name);
    } else {
        SSL_set_alpn_protos(world->client, (const unsigned char *)text.ptr, (unsigned)text.len);
    }
    ERR_clear_error();
}

/* Whether not all that the client says needs to arrive behind this step. */
static bool is_tampering(uint8_t step)
{
    return step == STEP_CHANGE || step == STEP_CUT || step == STEP_AGAIN || step == STEP_BYTES ||
           step == STEP_RECORD || step == STEP_PROTOCOL;
}

static void take_step(struct world *world, struct pl_str *input)
{
    uint8_t step = take(input) % STEP_COUNT;
    uint8_t type = 0;
    struct pl_str bytes = {0};
    world->is_tampered = world->is_tampered || is_tampering(step);
    if (step <= STEP_HOLD) {
        step_client(world);
    }
    switch (step) {
    case STEP_CARRY:
        release(world);
        break;
    case STEP_CHANGE:
        send_changed(world, input);
        break;
    case STEP_CUT:
        world->flight_len = world->flight_len * take(input) / 256;
        release(world);
        break;
    case STEP_AGAIN:
        show(world, world->flight, world->flight_len);
        release(world);
        break;
    case STEP_HOLD:
        break;
    case STEP_BYTES:
        bytes = take_bytes(input);
        show(world, (const uint8_t *)bytes.ptr, bytes.len);
        break;
    case STEP_RECORD:
        type = take(input);
        send_record(world, type, take_bytes(input));
        break;
    case STEP_SAY:
        say(world, (size_t)take(input) * 64);
        break;
    case STEP_ANSWER:
        answer(world, (size_t)take(input) * 64);
        break;
    case STEP_CLOSE:
        SSL_shutdown(world->client);
        ERR_clear_error();
        world->has_closed = true;
        break;
    case STEP_WE_CLOSE:
        pl_tls_close(world->tls);
        world->has_closed = true;
        break;
    case STEP_NAME:
    case STEP_PROTOCOL:
        ask(world, step, take_bytes(input));
        break;
    default: /* STEP_KEYS */
        SSL_key_update(world->client, take(input) & 1);
        ERR_clear_error();
        break;
    }
}

static void world_init(struct world *world, uint8_t choice)
{
    static SSL_CTX *client_context;
    struct pl_tls_context *context = context_get();
    if (client_context == NULL) {
        client_context = SSL_CTX_new(TLS_client_method());
    }
    world->piece = choice >> 2;
    world->client = SSL_new(client_context);
    SSL_set_bio(world->client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(world->client);
    SSL_set_max_proto_version(world->client, (choice & 1) == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
    PL_ASSERT(pl_tls_create(&world->tls, context, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str input = pl_str_make((const char *)data, size);
    struct world *world = pl_alloc(sizeof(*world));
    random_state = 1;
    world_init(world, take(&input));
    for (int i = 0; i < STEPS_MAX && input.len > 0; i++) {
        take_step(world, &input);
    }
    if (!world->is_tampered) {
        for (int i = 0; i < 4; i++) {
            step_client(world);
            release(world);
        }
        PL_ASSERT(world->heard_len == world->said_len);
        PL_ASSERT(pl_tls_is_ready(world->tls) || world->has_closed);
    }
    pl_tls_destroy(world->tls);
    SSL_free(world->client);
    ERR_clear_error();
    pl_free(world);
    return 0;
}
