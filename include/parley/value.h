/* Values and argument lists: what events carry.
 *
 * A value is JSON (null, bool, number, string, array, object) that may hold bytes as well, at any
 * depth. It is counted and, once it is part of another value or of an argument list, never changes.
 * What came from the wire keeps its text until somebody looks inside: passing it on costs nothing,
 * and keeps the order of keys and the text of numbers.
 *
 * Ownership: what a `new`, `parse`, `format` or `ref` function returns is yours and needs one
 * unref; what a getter returns is borrowed, as long as you hold what you got it from. Functions
 * that "take" a value take one reference of yours, even when they fail: parley_args_add(list,
 * parley_val_ref(v)) keeps yours.
 *
 * Every function accepts NULL where a value or list is expected: getters then answer as for null,
 * so that chains need no checks. A builder given a NULL container or item fails with
 * PARLEY_E_NOMEM, since NULL is what a failed constructor returns. Without memory pointers are NULL
 * and codes PARLEY_E_NOMEM.
 *
 * Threads: a value belongs to the thread that made it, handlers' arguments to the hub thread. */
#ifndef PARLEY_VALUE_H
#define PARLEY_VALUE_H

#include "parley/error.h"
#include "parley/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct parley_val;
struct parley_args;

enum parley_kind {
    PARLEY_KIND_NULL,
    PARLEY_KIND_BOOL,
    PARLEY_KIND_INT,    /* a number written as an integer that int64_t holds */
    PARLEY_KIND_DOUBLE, /* any other number */
    PARLEY_KIND_STRING,
    PARLEY_KIND_BYTES,
    PARLEY_KIND_ARRAY,
    PARLEY_KIND_OBJECT,
};

/* Containers inside each other: more is PARLEY_E_TOO_BIG when building, NULL when parsing text. */
#define PARLEY_VAL_DEPTH_MAX 256
#define PARLEY_VAL_PARSE_DEPTH_MAX 64

/* Free what a function of Parley says to be freed with this. NULL is fine. */
PARLEY_API void parley_free(void *ptr);

/* --- holding --- */

/* One more reference. Returns `val`. */
PARLEY_API const struct parley_val *parley_val_ref(const struct parley_val *val);

/* Give one reference back. */
PARLEY_API void parley_val_unref(const struct parley_val *val);

/* --- looking --- */

/* What it is; PARLEY_KIND_NULL of NULL. */
PARLEY_API enum parley_kind parley_val_kind(const struct parley_val *val);

/* The value, or `fallback` when it is something else. An integer is read from any number that is
 * one (1.0, 1e3) and fits; a double from any number that is not too large for one. */
PARLEY_API bool parley_val_bool(const struct parley_val *val, bool fallback);
PARLEY_API int64_t parley_val_int(const struct parley_val *val, int64_t fallback);
PARLEY_API double parley_val_double(const struct parley_val *val, double fallback);

/* A string's UTF-8, with a NUL behind it (and maybe inside: *len counts without the last). NULL
 * when it is no string. `len` may be NULL. */
PARLEY_API const char *parley_val_str(const struct parley_val *val, size_t *len);

/* The bytes of a bytes value, never NULL then; NULL when it is something else. */
PARLEY_API const void *parley_val_bytes(const struct parley_val *val, size_t *len);

/* Elements of an array or members of an object; 0 of anything else. */
PARLEY_API size_t parley_val_count(const struct parley_val *val);

/* Element or member number `i`; NULL past the end. */
PARLEY_API const struct parley_val *parley_val_at(const struct parley_val *val, size_t i);

/* The key of member number `i`, in the order of the text; NULL past the end or of an array. */
PARLEY_API const char *parley_val_key_at(const struct parley_val *val, size_t i, size_t *len);

/* The member `key`, or NULL. When a text has the key twice: the last, as JavaScript has it. */
PARLEY_API const struct parley_val *parley_val_get(const struct parley_val *val, const char *key);

/* --- making --- */

/* Scalars. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_null(void);
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_bool(bool value);
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_int(int64_t value);

/* NaN and the infinities become null when written, as in JavaScript. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_double(double value);

/* A copy of `len` bytes of UTF-8. NULL when it is not UTF-8. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_string(const char *str, size_t len);

/* A copy of `len` bytes. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_bytes(const void *bytes, size_t len);

/* Empty containers. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_array(void);
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_new_object(void);

/* Append to an array, or set a member of an object (a new key goes to the end, an old one keeps its
 * place). Takes `item`. Only while you hold the container's one reference and it is not part of
 * anything.
 * Returns 0; PARLEY_E_INVALID (not such a container, or a key that is not UTF-8), PARLEY_E_STATE
 * (shared, or part of something), PARLEY_E_TOO_BIG (nested too deep), PARLEY_E_NOMEM. */
PARLEY_API int parley_val_array_add(struct parley_val *array, const struct parley_val *item);
PARLEY_API int parley_val_object_set(struct parley_val *object, const char *key,
                                     const struct parley_val *item);

/* Read JSON text (RFC 8259, strict). NULL when it is not JSON or nested deeper than
 * PARLEY_VAL_PARSE_DEPTH_MAX. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_parse(const char *json, size_t len);

/* JSON from a template: parley_val_format("{\"room\":%s,\"count\":%d}", room, count).
 *   %s           a C string becomes a JSON string, quoted and escaped; NULL becomes null
 *   %.*s         the same of an int length and a pointer
 *   %d %i %u     also with l, ll and z (%zu, %zd)
 *   %g %f        a double, always as short as it reads back exactly
 *   %p           a const struct parley_val *, which stays yours; NULL becomes null. Compilers that
 *                are told to be pedantic want it cast to (const void *)
 *   %%           a percent sign
 * Inside quotes of the template %s and %.*s insert escaped text without quotes ("hello %s"), and
 * NULL nothing; %p is not allowed there.
 * Returns NULL when the template has anything else, when the result is not JSON or when a string is
 * not UTF-8. */
PARLEY_API PARLEY_MUST_CHECK struct parley_val *parley_val_format(const char *fmt, ...)
    PARLEY_PRINTF(1, 2);

/* The value as compact JSON with a NUL behind it, freed with parley_free. Bytes are written as
 * {"_placeholder":true,"num":N}, N counting from 0. */
PARLEY_API PARLEY_MUST_CHECK char *parley_val_to_json(const struct parley_val *val);

/* --- arguments of an event or an acknowledgement --- */

/* An empty list. */
PARLEY_API PARLEY_MUST_CHECK struct parley_args *parley_args_new(void);

/* A list from a template of elements with commas between them: parley_args_format("%s,{\"n\":%d}",
 * text, 1). As parley_val_format; an empty template is an empty list. */
PARLEY_API PARLEY_MUST_CHECK struct parley_args *parley_args_format(const char *fmt, ...)
    PARLEY_PRINTF(1, 2);

/* One more reference, and one given back; as of values. */
PARLEY_API const struct parley_args *parley_args_ref(const struct parley_args *args);
PARLEY_API void parley_args_unref(const struct parley_args *args);

/* How many arguments there are. */
PARLEY_API size_t parley_args_count(const struct parley_args *args);

/* Argument number `i`; NULL past the end. */
PARLEY_API const struct parley_val *parley_args_get(const struct parley_args *args, size_t i);

/* Append an argument, which is taken; or a copy of bytes. Only while you hold the list's one
 * reference. Errors as parley_val_array_add. */
PARLEY_API int parley_args_add(struct parley_args *args, const struct parley_val *val);
PARLEY_API int parley_args_add_bytes(struct parley_args *args, const void *bytes, size_t len);

/* The bytes values anywhere inside, in depth-first order: how many, and number `i` (NULL past the
 * end). */
PARLEY_API size_t parley_args_bin_count(const struct parley_args *args);
PARLEY_API const void *parley_args_bin(const struct parley_args *args, size_t i, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
