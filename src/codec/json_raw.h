/* Looking into raw JSON text without building a tree: members of an object, elements of an array.
 *
 * Each call reads the text anew, up to what it looks for. The text should have been validated
 * (pl_json_validate) as a whole or be a raw slice of such text: where it is not JSON, walks end
 * early and finds find nothing, but nothing is over-read. Slices borrow from the text.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_JSON_RAW_H
#define PL_CODEC_JSON_RAW_H

#include "codec/json_read.h"

/* What a raw value is, by its first character: PL_JSON_OBJECT_BEGIN, PL_JSON_ARRAY_BEGIN,
 * PL_JSON_STRING, PL_JSON_NUMBER, PL_JSON_TRUE, PL_JSON_FALSE, PL_JSON_NULL; PL_JSON_END when it is
 * nothing of these. */
enum pl_json_kind pl_json_raw_kind(struct pl_str raw);

/* The raw value of the member `key` (unescaped text). When the key occurs twice, the last one, as
 * JSON.parse has it. False when there is none or `raw_object` is not an object. */
PL_MUST_CHECK bool pl_json_object_find(struct pl_str *raw_value, struct pl_str raw_object,
                                       struct pl_str key);

/* A walk over one container. */
struct pl_json_walk {
    struct pl_json_reader reader;
    bool is_over;
};

/* Walk the elements of a raw array. Not an array: the walk is over at once. */
void pl_json_array_walk(struct pl_json_walk *walk, struct pl_str raw_array);

/* The next element. False when there are no more. */
PL_MUST_CHECK bool pl_json_array_next(struct pl_str *raw_value, struct pl_json_walk *walk);

/* Walk the members of a raw object, in the order of the text. Not an object: the walk is over at
 * once. */
void pl_json_object_walk(struct pl_json_walk *walk, struct pl_str raw_object);

/* The next member: its key as a raw string, and its value. False when there are no more. */
PL_MUST_CHECK bool pl_json_object_next(struct pl_str *raw_key, struct pl_str *raw_value,
                                       struct pl_json_walk *walk);

#endif
