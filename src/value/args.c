/* Argument lists: array values under a type of their own. */
#include "value/value_internal.h"

#include "base/alloc.h"

/* parley_args is a struct around a value and nothing more, so either pointer frees both. */
static struct parley_args *args_of_val(struct parley_val *list)
{
    return list == NULL ? NULL : PL_CONTAINER_OF(list, struct parley_args, list);
}

static const struct parley_val *list_of(const struct parley_args *args)
{
    return args == NULL ? NULL : &args->list;
}

_Static_assert(sizeof(struct parley_args) == sizeof(struct parley_val),
               "made as one, freed as one");

struct parley_args *parley_args_new(void)
{
    return args_of_val(parley_val_new_array());
}

/* The array that is all of `doc`, whose reference is taken; NULL is fine. */
static struct parley_args *args_of_doc(struct pl_doc *doc)
{
    struct parley_val *list = doc == NULL ? NULL : pl_val_of_doc(doc, doc->text);
    pl_doc_unref(doc);
    return args_of_val(list);
}

int pl_args_formatv(struct parley_args **out, const char *fmt, va_list list)
{
    struct pl_doc *doc = NULL;
    int rc = pl_val_format_doc(&doc, PL_DOC_IN_BRACKETS, fmt, list);
    if (rc < 0) {
        return rc;
    }
    *out = args_of_doc(doc);
    return *out == NULL ? PL_E_NOMEM : 0;
}

struct parley_args *parley_args_format(const char *fmt, ...)
{
    struct parley_args *args = NULL;
    va_list list;
    int rc = 0;
    va_start(list, fmt);
    rc = pl_args_formatv(&args, fmt, list);
    va_end(list);
    return rc < 0 ? NULL : args;
}

struct parley_args *pl_args_of_wire(struct pl_str raw_args, uint32_t height,
                                    struct pl_blob *const *blobs, size_t blob_count)
{
    return args_of_doc(pl_doc_create(raw_args, PL_DOC_IN_BRACKETS, height + 1, blobs, blob_count));
}

const struct parley_args *parley_args_ref(const struct parley_args *args)
{
    (void)parley_val_ref(list_of(args));
    return args;
}

void parley_args_unref(const struct parley_args *args)
{
    parley_val_unref(list_of(args));
}

size_t parley_args_count(const struct parley_args *args)
{
    return parley_val_count(list_of(args));
}

const struct parley_val *parley_args_get(const struct parley_args *args, size_t i)
{
    return parley_val_at(list_of(args), i);
}

int parley_args_add(struct parley_args *args, const struct parley_val *val)
{
    return parley_val_array_add(args == NULL ? NULL : &args->list, val);
}

int parley_args_add_bytes(struct parley_args *args, const void *bytes, size_t len)
{
    return parley_args_add(args, parley_val_new_bytes(bytes, len));
}

size_t parley_args_bin_count(const struct parley_args *args)
{
    return args == NULL ? 0 : args->list.bin_count;
}

const void *parley_args_bin(const struct parley_args *args, size_t i, size_t *len)
{
    const struct pl_blob *blob = args == NULL ? NULL : pl_val_bin(&args->list, i);
    if (len != NULL) {
        *len = blob == NULL ? 0 : blob->len;
    }
    return blob == NULL ? NULL : blob->data;
}
