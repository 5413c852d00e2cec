/* Streams: found by their key, named to the fan-out by a small number, alive while somebody is in
 * them. */
#include "hub/hub.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

#include <string.h>

struct pl_stream_key pl_stream_key(const struct pl_stream *stream)
{
    const char *subcontext = stream->text + stream->subject_len;
    return (struct pl_stream_key){
        .kind = stream->kind,
        .subject = pl_str_make(stream->text, stream->subject_len),
        .subcontext = pl_str_make(subcontext, stream->subcontext_len),
        .label = pl_str_make(subcontext + stream->subcontext_len, stream->label_len),
    };
}

static bool key_eq(const struct pl_stream_key *a, const struct pl_stream_key *b)
{
    return a->kind == b->kind && pl_str_eq(a->subject, b->subject) &&
           pl_str_eq(a->subcontext, b->subcontext) && pl_str_eq(a->label, b->label);
}

/* Three keyed hashes chained: no key is copied together just to be looked up. */
static uint64_t hash_key(const struct pl_hub *hub, const struct pl_stream_key *key)
{
    const struct pl_str parts[] = {key->subject, key->subcontext, key->label};
    uint64_t hash = key->kind;
    for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
        if (parts[i].len > 0) {
            hash ^= pl_siphash(hub->hash_key, parts[i].ptr, parts[i].len);
        }
        hash = (hash << 21 | hash >> 43) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return hash ^ hash >> 32;
}

static struct pl_stream *find_by_hash(const struct pl_hub *hub, const struct pl_stream_key *key,
                                      uint64_t hash)
{
    struct pl_table_link *link = pl_table_first(&hub->streams, hash);
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_stream *stream = PL_CONTAINER_OF(link, struct pl_stream, link);
        struct pl_stream_key found = pl_stream_key(stream);
        if (key_eq(&found, key)) {
            return stream;
        }
    }
    return NULL;
}

struct pl_stream *pl_stream_find(struct pl_hub *hub, const struct pl_stream_key *key)
{
    struct pl_stream *stream = NULL;
    pl_hub_assert_thread(hub);
    stream = find_by_hash(hub, key, hash_key(hub, key));
    return stream == NULL || stream->member_count == 0 ? NULL : stream;
}

static uint32_t take_number(struct pl_hub *hub)
{
    if (hub->free_number_count > 0) {
        return hub->free_numbers[--hub->free_number_count];
    }
    return hub->next_number++;
}

static void give_number(struct pl_hub *hub, uint32_t number)
{
    if (hub->free_number_count == hub->free_number_cap) {
        hub->free_number_cap = hub->free_number_cap == 0 ? 64 : hub->free_number_cap * 2;
        hub->free_numbers =
            pl_realloc(hub->free_numbers, hub->free_number_cap * sizeof(*hub->free_numbers));
    }
    hub->free_numbers[hub->free_number_count++] = number;
}

static char *copy_text(char *to, struct pl_str text)
{
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    return to + text.len;
}

static struct pl_stream *make_stream(struct pl_hub *hub, const struct pl_stream_key *key,
                                     uint64_t hash)
{
    size_t text_len = key->subject.len + key->subcontext.len + key->label.len;
    struct pl_stream *stream = pl_alloc(sizeof(*stream) + text_len);
    char *at = stream->text;
    PL_ASSERT(text_len <= UINT32_MAX); /* names are bounded where they are accepted */
    stream->kind = key->kind;
    stream->subject_len = (uint32_t)key->subject.len;
    stream->subcontext_len = (uint32_t)key->subcontext.len;
    stream->label_len = (uint32_t)key->label.len;
    at = copy_text(at, key->subject);
    at = copy_text(at, key->subcontext);
    copy_text(at, key->label);
    stream->number = take_number(hub);
    pl_list_init(&stream->members);
    pl_table_add(&hub->streams, &stream->link, hash);
    hub->stats.stream_count++;
    return stream;
}

struct pl_stream *pl_stream_ensure(struct pl_hub *hub, const struct pl_stream_key *key)
{
    uint64_t hash = hash_key(hub, key);
    struct pl_stream *stream = find_by_hash(hub, key, hash);
    return stream != NULL ? stream : make_stream(hub, key, hash);
}

void pl_stream_pin(struct pl_stream *stream)
{
    stream->pin_count++;
}

void pl_stream_unpin(struct pl_hub *hub, struct pl_stream *stream)
{
    stream->pin_count--;
    if (stream->pin_count > 0 || stream->member_count > 0) {
        return;
    }
    pl_table_remove(&hub->streams, &stream->link);
    give_number(hub, stream->number);
    hub->stats.stream_count--;
    pl_free(stream);
}

void pl_stream_count_encoding(struct pl_stream *stream, uint8_t encoding, int change)
{
    stream->subscribers_by_encoding[encoding] += (uint32_t)change;
}

void pl_stream_count_flags(struct pl_stream *stream, unsigned flags, int change)
{
    if ((flags & PL_MEMBER_SUBSCRIBER) != 0) {
        stream->subscriber_count += (uint32_t)change;
    }
    if ((flags & PL_MEMBER_PRESENCE) != 0) {
        stream->presence_count += (uint32_t)change;
    }
}

void pl_stream_add_member(struct pl_stream *stream, struct pl_member *member)
{
    pl_list_push_back(&stream->members, &member->in_stream);
    stream->member_count++;
}

void pl_stream_remove_member(struct pl_stream *stream, struct pl_member *member)
{
    pl_list_remove(&member->in_stream);
    stream->member_count--;
}

size_t pl_stream_member_count(const struct pl_stream *stream)
{
    return stream->member_count;
}

size_t pl_stream_subscriber_count(const struct pl_stream *stream)
{
    return stream->subscriber_count;
}

size_t pl_stream_presence_count(const struct pl_stream *stream)
{
    return stream->presence_count;
}

void pl_streams_fini(struct pl_hub *hub)
{
    pl_table_fini(&hub->streams);
    pl_free(hub->free_numbers);
}
