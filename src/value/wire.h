/* Values and argument lists (include/parley/value.h) as the dialects and the server's own answers
 * use them: made from the wire, written to it, put together from templates.
 * Threads: one at a time. */
#ifndef PL_VALUE_WIRE_H
#define PL_VALUE_WIRE_H

#include "base/buf.h"
#include "parley/value.h"
#include "value/doc.h"

#include <stdarg.h>

/* The attachments that were met while writing, each once: numbered by its place here. */
struct pl_bin_list {
    struct pl_blob **blobs; /* owned array; the references are borrowed from what was written */
    size_t count;
    size_t cap;
    bool has_failed;
};

/* Takes no memory until an attachment is met. Zeroed memory is an empty list. */
void pl_bin_list_fini(struct pl_bin_list *bins);

/* A value from the wire.
 *   raw     JSON that was checked already; copied
 *   height  the depth limit that it was checked with
 * One reference; NULL without memory. */
PL_MUST_CHECK struct parley_val *pl_val_of_wire(struct pl_str raw, uint32_t height);

/* The same with attachments, as in pl_args_of_wire. */
PL_MUST_CHECK struct parley_val *pl_val_of_wire_with(struct pl_str raw, uint32_t height,
                                                     struct pl_blob *const *blobs,
                                                     size_t blob_count);

/* An argument list from the wire.
 *   raw_args  arguments with their commas, without brackets, as in struct pl_sio_packet; copied.
 *             Checked already, each of at most `height` levels (below PL_JSON_DEPTH_MAX)
 *   blobs     attachments by num; references of its own are taken. Placeholders become bytes
 *             values only when there are any
 * One reference; NULL without memory. */
PL_MUST_CHECK struct parley_args *pl_args_of_wire(struct pl_str raw_args, uint32_t height,
                                                  struct pl_blob *const *blobs, size_t blob_count);

/* Append the arguments as JSON, with commas and without brackets; bytes become placeholders,
 * numbered in depth-first order of their first appearance, and go to `bins`. What came from the
 * wire unchanged is copied as it was. Failures stick in `buf` and `bins`; a NULL list is an empty
 * one. */
void pl_args_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_args *args);

/* The same of one value. NULL is null. */
void pl_val_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_val *val);

/* A template with its arguments put in (parley_val_format), as a document.
 *   form  PL_DOC_IN_BRACKETS for a list of elements, which becomes an array
 * Errors: PL_E_INVALID (the template, or no JSON comes out), PL_E_UTF8, PL_E_TOO_BIG,
 * PL_E_NOMEM. */
PL_MUST_CHECK int pl_val_format_doc(struct pl_doc **out, enum pl_doc_form form, const char *fmt,
                                    va_list args) PL_PRINTF(3, 0);

/* parley_args_format of a va_list, which says why it fails: as pl_val_format_doc. One reference. */
PL_MUST_CHECK int pl_args_formatv(struct parley_args **out, const char *fmt, va_list list)
    PL_PRINTF(2, 0);

#endif
