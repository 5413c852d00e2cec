/* Reading one value of a field: what the functions of its kinds share.
 * Pure. Threads: any. */
#ifndef PL_DIALECT_TALO_REST_READING_H
#define PL_DIALECT_TALO_REST_READING_H

#include "dialect/talo/rest_value.h"

#define PL_TALO_FIELD_TEXT_BYTES 400 /* of an error: the longest custom text fits */

struct pl_talo_reading {
    const struct pl_talo_field *field;
    const struct pl_talo_input *input;
    struct pl_arena *arena;
    struct pl_talo_field_errors *errors;
};

/* What JavaScript calls the type of raw JSON, and of the input. */
struct pl_str pl_talo_json_type(struct pl_str raw);
struct pl_str pl_talo_reading_type(const struct pl_talo_input *input);

/* The field is missing or of a wrong type: its own text, or the standard one. Returns 0. */
int pl_talo_reading_refuse_type(const struct pl_talo_reading *at, const char *expected,
                                struct pl_str received);
int pl_talo_reading_refuse(const struct pl_talo_reading *at, const char *text);

/* The standard text for a part of a field. */
void pl_talo_reading_add_type_error(struct pl_talo_field_errors *errors, struct pl_str path,
                                    const char *expected, struct pl_str received);

/* Why no stored text may be this one; NULL when it is fine. */
const char *pl_talo_find_bad_text(struct pl_str text);

/* The value of a raw JSON string. PL_E_TOO_BIG at the arena's cap. */
PL_MUST_CHECK int pl_talo_reading_decode(struct pl_str *out, struct pl_str raw,
                                         struct pl_arena *arena);

/* --- kinds; each returns 0 or PL_E_TOO_BIG --- */

/* rest_value_number.c */
int pl_talo_value_read_number(struct pl_talo_value *value, const struct pl_talo_reading *at);
int pl_talo_value_read_int(struct pl_talo_value *value, const struct pl_talo_reading *at);
int pl_talo_value_read_page(struct pl_talo_value *value, const struct pl_talo_reading *at);

/* rest_value_list.c: props in both forms */
int pl_talo_value_read_strings(struct pl_talo_value *value, const struct pl_talo_reading *at);
int pl_talo_value_read_props(struct pl_talo_value *value, const struct pl_talo_reading *at);

#endif
