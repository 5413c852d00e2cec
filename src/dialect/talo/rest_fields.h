/* Validation of what a request gives: rows of fields against a body, a query or a segment of the
 * path, with exactly the texts of spec talo 3.5. Pure.
 * Threads: any. */
#ifndef PL_DIALECT_TALO_REST_FIELDS_H
#define PL_DIALECT_TALO_REST_FIELDS_H

#include "dialect/talo/rest.h"

#define PL_TALO_FIELD_ERRORS_MAX 256 /* told in one answer */
#define PL_TALO_FIELD_ERRORS_BYTES ((size_t)256 * 1024)

/* {"errors":{"<path>":["<text>"],...}}, as far as it has been written. */
struct pl_talo_field_errors {
    struct pl_buf text;
    struct pl_json_writer out;
    size_t count;
};

void pl_talo_field_errors_init(struct pl_talo_field_errors *errors);
void pl_talo_field_errors_fini(struct pl_talo_field_errors *errors);

/* Add one; past PL_TALO_FIELD_ERRORS_MAX they are only counted. */
void pl_talo_field_errors_add(struct pl_talo_field_errors *errors, struct pl_str path,
                              struct pl_str text);

/* Close the object: the body of the answer, borrowed. */
struct pl_str pl_talo_field_errors_end(struct pl_talo_field_errors *errors);

/* The members of a JSON object (validated text; NULL pointer: an empty one). Unknown keys are passed
 * over; of a key that occurs twice the last counts. Values borrow from `object`.
 * All of these return 0, also with errors added; PL_E_TOO_BIG at the arena's cap. */
PL_MUST_CHECK int pl_talo_fields_read_json(struct pl_talo_value *values,
                                           const struct pl_talo_field *fields, struct pl_str object,
                                           struct pl_arena *arena,
                                           struct pl_talo_field_errors *errors);

/* The pairs of a query: numbers are read from text. */
PL_MUST_CHECK int pl_talo_fields_read_query(struct pl_talo_value *values,
                                            const struct pl_talo_field *fields, struct pl_str query,
                                            struct pl_arena *arena,
                                            struct pl_talo_field_errors *errors);

/* The pairs of a URL-encoded body: everything in it is a string. */
PL_MUST_CHECK int pl_talo_fields_read_form(struct pl_talo_value *values,
                                           const struct pl_talo_field *fields, struct pl_str form,
                                           struct pl_arena *arena,
                                           struct pl_talo_field_errors *errors);

/* One segment of the path, decoded. field: NULL for any text. */
PL_MUST_CHECK int pl_talo_fields_read_path(struct pl_talo_value *value,
                                           const struct pl_talo_field *field, struct pl_str text,
                                           struct pl_arena *arena,
                                           struct pl_talo_field_errors *errors);

#endif
