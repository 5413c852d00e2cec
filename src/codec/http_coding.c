/* Accept-Encoding: one pass over the list, remembering each coding's weight and place. */
#include "codec/http_coding.h"

#include "codec/http_header.h"

#define WEIGHT_MAX 1000u /* a weight has three decimals at most (RFC 9110 section 12.4.2) */

static const struct pl_str names[PL_HTTP_CODING_COUNT] = {
    [PL_HTTP_CODING_IDENTITY] = PL_STR_INIT("identity"),
    [PL_HTTP_CODING_GZIP] = PL_STR_INIT("gzip"),
    [PL_HTTP_CODING_DEFLATE] = PL_STR_INIT("deflate"),
};

struct choice {
    bool is_named;
    unsigned weight; /* thousandths; 0 is refused */
    size_t place;    /* in the list */
};

struct pl_str pl_http_coding_name(enum pl_http_coding coding)
{
    return names[coding];
}

/* "0.5" as 500: a digit 0 or 1, perhaps a point and up to three digits. False when it is no weight.
 */
static bool read_weight(unsigned *out, struct pl_str text)
{
    unsigned weight = 0;
    unsigned unit = 100;
    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
        (text.len > 1 && text.ptr[1] != '.')) {
        return false;
    }
    weight = text.ptr[0] == '1' ? WEIGHT_MAX : 0;
    for (size_t i = 2; i < text.len; i++, unit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        weight += (unsigned)(text.ptr[i] - '0') * unit;
    }
    *out = weight;
    return weight <= WEIGHT_MAX;
}

/* One item: the coding, and perhaps ";q=" and a weight. False when it is malformed. */
static bool read_item(struct pl_str *name, unsigned *weight, struct pl_str item)
{
    struct pl_str parameter;
    *name = pl_str_trim(pl_str_split(&item, ';'));
    *weight = WEIGHT_MAX;
    if (item.ptr == NULL) {
        return true;
    }
    parameter = pl_str_trim(item);
    if (parameter.len < 2 || (parameter.ptr[0] | 0x20) != 'q' || parameter.ptr[1] != '=') {
        return false;
    }
    return read_weight(weight, pl_str_from(parameter, 2));
}

static void note(struct choice *choice, unsigned weight, size_t place)
{
    if (!choice->is_named) {
        *choice = (struct choice){true, weight, place};
    }
}

static bool is_better(const struct choice *a, const struct choice *b)
{
    return a->weight > b->weight || (a->weight == b->weight && a->place < b->place);
}

enum pl_http_coding pl_http_coding_choose(struct pl_str accepted)
{
    struct choice choices[PL_HTTP_CODING_COUNT] = {0};
    struct choice any = {0};
    enum pl_http_coding best = PL_HTTP_CODING_IDENTITY;
    struct pl_str item;
    for (size_t place = 0; pl_http_list_next(&item, &accepted); place++) {
        struct pl_str name;
        unsigned weight = 0;
        if (!read_item(&name, &weight, item)) {
            continue;
        }
        if (pl_str_eq(name, PL_STR("*"))) {
            note(&any, weight, place);
        }
        for (size_t i = 0; i < PL_HTTP_CODING_COUNT; i++) {
            if (pl_str_eq_nocase(name, names[i])) {
                note(&choices[i], weight, place);
            }
        }
    }
    for (enum pl_http_coding i = PL_HTTP_CODING_GZIP; i < PL_HTTP_CODING_COUNT; i++) {
        if (!choices[i].is_named && any.is_named) {
            choices[i] = any;
        }
        if (choices[i].weight > 0 &&
            (best == PL_HTTP_CODING_IDENTITY || is_better(&choices[i], &choices[best]))) {
            best = i;
        }
    }
    if (choices[PL_HTTP_CODING_IDENTITY].is_named &&
        choices[PL_HTTP_CODING_IDENTITY].weight > choices[best].weight) {
        return PL_HTTP_CODING_IDENTITY;
    }
    return best;
}
