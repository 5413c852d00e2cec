/* The last compressed message and what it said. */
#include "packed.h"

#include "base/alloc.h"
#include "net/deflate.h"

#define MESSAGE_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct pl_load_packed {
    struct pl_inflater *inflater;
    struct pl_buf in;
    struct pl_buf out;
};

struct pl_load_packed *pl_load_packed_create(void)
{
    struct pl_load_packed *packed = pl_alloc(sizeof(*packed));
    packed->inflater = pl_inflater_create();
    pl_buf_init(&packed->in, MESSAGE_BYTES_MAX);
    pl_buf_init(&packed->out, MESSAGE_BYTES_MAX);
    return packed;
}

void pl_load_packed_destroy(struct pl_load_packed *packed)
{
    if (packed != NULL) {
        pl_inflater_destroy(packed->inflater);
        pl_buf_fini(&packed->in);
        pl_buf_fini(&packed->out);
        pl_free(packed);
    }
}

int pl_load_packed_read(struct pl_load_packed *packed, struct pl_str *message, struct pl_error *err)
{
    struct pl_inflate_history none = {0};
    int rc = 0;
    if (packed->in.len == 0 || !pl_str_eq(pl_buf_str(&packed->in), *message)) {
        pl_buf_clear(&packed->in);
        pl_buf_clear(&packed->out);
        rc = pl_inflater_run(packed->inflater, &packed->out, *message, &none, err);
        if (rc < 0) {
            return rc;
        }
        pl_buf_add_str(&packed->in, *message);
    }
    *message = pl_buf_str(&packed->out);
    return 0;
}
