/* Version 1 is a line of text; version 2 is 16 bytes, addresses by family, then type-length-value
 * records, of which one counts here. */
#include "codec/proxy_header.h"

#define V1_LINE_MAX 107 /* with its CRLF */
#define V1_WORDS 6
#define V2_FIXED_BYTES 16
#define V2_SIGNATURE_BYTES 12

static const char v1_start[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* Whether `in` begins with `start`, as far as both go. */
static bool begins(struct pl_str in, const char *start, size_t len)
{
    return memcmp(in.ptr, start, pl_size_min(in.len, len)) == 0;
}

/* --- version 1 --- */

static int bad_line(struct pl_error *err, const char *reason)
{
    return pl_error_set(err, PL_E_PROTO, "PROXY line: %s", reason);
}

/* One space between words, none at the end. Returns how many there are; more than fit count as one
 * too many. */
static size_t split_words(struct pl_str words[V1_WORDS], struct pl_str line)
{
    size_t count = 0;
    while (line.ptr != NULL && count < V1_WORDS) {
        words[count++] = pl_str_split(&line, ' ');
    }
    return line.ptr == NULL ? count : V1_WORDS + 1;
}

static bool read_port(uint16_t *out, struct pl_str text)
{
    uint64_t number = 0;
    bool has_leading_zero = text.len > 1 && text.ptr[0] == '0';
    if (has_leading_zero || !pl_str_to_u64(&number, text, UINT16_MAX)) {
        return false;
    }
    *out = (uint16_t)number;
    return true;
}

/* "PROXY", family, source, destination and their ports. */
static int read_words(struct pl_proxy_header *out, const struct pl_str words[V1_WORDS],
                      struct pl_error *err)
{
    bool is_ipv6 = pl_str_eq(words[1], PL_STR("TCP6"));
    struct pl_ip destination;
    uint16_t destination_port = 0;
    if (!is_ipv6 && !pl_str_eq(words[1], PL_STR("TCP4"))) {
        return bad_line(err, "neither TCP4, TCP6 nor UNKNOWN");
    }
    for (size_t i = 2; i < 4; i++) { /* an IPv6 text has a colon, which no IPv4 text has */
        if ((pl_str_find_char(words[i], ':') < words[i].len) != is_ipv6) {
            return bad_line(err, "an address of the other family");
        }
    }
    if (!pl_ip_read(&out->ip, words[2]) || !pl_ip_read(&destination, words[3])) {
        return bad_line(err, "not an address");
    }
    if (!read_port(&out->port, words[4]) || !read_port(&destination_port, words[5])) {
        return bad_line(err, "not a port");
    }
    out->source = PL_PROXY_IP;
    return 0;
}

static ptrdiff_t read_v1(struct pl_proxy_header *out, struct pl_str in, struct pl_error *err)
{
    struct pl_proxy_header header = {0};
    struct pl_str words[V1_WORDS];
    struct pl_str line = pl_str_first(in, V1_LINE_MAX);
    size_t end = pl_str_find_char(line, '\n');
    int rc = 0;
    if (end == line.len) {
        return line.len < V1_LINE_MAX ? 0 : bad_line(err, "no end within 107 bytes");
    }
    if (end == 0 || line.ptr[end - 1] != '\r') {
        return bad_line(err, "it does not end in CRLF");
    }
    line = pl_str_first(line, end - 1);
    if (!pl_str_eq(line, PL_STR("PROXY UNKNOWN")) &&
        !pl_str_starts_with(line, PL_STR("PROXY UNKNOWN "))) {
        rc = split_words(words, line) == V1_WORDS ? read_words(&header, words, err)
                                                  : bad_line(err, "six words are wanted");
    }
    if (rc < 0) {
        return rc;
    }
    *out = header;
    return (ptrdiff_t)end + 1;
}

/* --- version 2 --- */

enum {
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    FAMILY_UNSPEC = 0,
    FAMILY_IPV4 = 1,
    FAMILY_IPV6 = 2,
    FAMILY_UNIX = 3,
    PROTOCOL_UNSPEC = 0,
    PROTOCOL_STREAM = 1,
    TYPE_SSL = 0x20,
    CLIENT_SSL = 0x01, /* PP2_CLIENT_SSL */
};

static size_t read_u16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static int bad_block(struct pl_error *err, const char *reason)
{
    return pl_error_set(err, PL_E_PROTO, "PROXY header: %s", reason);
}

/* Both addresses, both ports: 12, 36 or 216 bytes. -1 for a family that there is not. */
static ptrdiff_t addresses_len(unsigned family)
{
    static const uint8_t lens[] = {
        [FAMILY_UNSPEC] = 0, [FAMILY_IPV4] = 12, [FAMILY_IPV6] = 36, [FAMILY_UNIX] = 216};
    return family < sizeof(lens) ? lens[family] : -1;
}

static void read_addresses(struct pl_proxy_header *out, unsigned family, const uint8_t *at)
{
    if (family == FAMILY_IPV4) {
        out->source = PL_PROXY_IP;
        out->ip = pl_ip_of_bytes(at, 4);
        out->port = (uint16_t)read_u16(at + 8);
    } else if (family == FAMILY_IPV6) {
        out->source = PL_PROXY_IP;
        out->ip = pl_ip_of_bytes(at, 6);
        out->port = (uint16_t)read_u16(at + 32);
    } else if (family == FAMILY_UNIX) {
        out->source = PL_PROXY_UNIX;
    }
}

/* Whether one of the records tells of TLS. What is no record any more ends the search: such bytes
 * may pad the header. */
static bool tells_tls(const uint8_t *at, size_t len)
{
    while (len >= 3) {
        size_t value_len = read_u16(at + 1);
        if (value_len > len - 3) {
            return false;
        }
        if (at[0] == TYPE_SSL && value_len >= 1) {
            return (at[3] & CLIENT_SSL) != 0;
        }
        at += 3 + value_len;
        len -= 3 + value_len;
    }
    return false;
}

static int read_block(struct pl_proxy_header *out, const uint8_t *block, size_t len,
                      struct pl_error *err)
{
    unsigned command = block[12] & 0x0f;
    unsigned family = block[13] >> 4;
    unsigned protocol = block[13] & 0x0f;
    const uint8_t *addresses = block + V2_FIXED_BYTES;
    ptrdiff_t used = addresses_len(family);
    if (command == COMMAND_LOCAL) {
        return 0; /* whatever follows is to be ignored */
    }
    if (used < 0 || protocol > PROTOCOL_STREAM) {
        return bad_block(err, "neither a stream of IPv4, IPv6 or Unix, nor unspecified");
    }
    if (len - V2_FIXED_BYTES < (size_t)used) {
        return bad_block(err, "too short for its addresses");
    }
    if (protocol == PROTOCOL_STREAM) {
        read_addresses(out, family, addresses);
    }
    out->is_secure = tells_tls(addresses + used, len - V2_FIXED_BYTES - (size_t)used);
    return 0;
}

static ptrdiff_t read_v2(struct pl_proxy_header *out, struct pl_str in, struct pl_error *err)
{
    const uint8_t *block = (const uint8_t *)in.ptr;
    struct pl_proxy_header header = {0};
    size_t len = 0;
    int rc = 0;
    if (in.len > V2_SIGNATURE_BYTES &&
        (block[12] >> 4 != 2 || (block[12] & 0x0f) > COMMAND_PROXY)) {
        return bad_block(err, "another version or command");
    }
    if (in.len < V2_FIXED_BYTES) {
        return 0;
    }
    len = V2_FIXED_BYTES + read_u16(block + 14);
    if (len > PL_PROXY_HEADER_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG, "PROXY header: longer than %zu bytes",
                            PL_PROXY_HEADER_MAX);
    }
    if (in.len < len) {
        return 0;
    }
    rc = read_block(&header, block, len, err);
    if (rc < 0) {
        return rc;
    }
    *out = header;
    return (ptrdiff_t)len;
}

ptrdiff_t pl_proxy_header_read(struct pl_proxy_header *out, struct pl_str in, struct pl_error *err)
{
    if (in.len == 0) {
        return 0;
    }
    if (begins(in, v2_signature, V2_SIGNATURE_BYTES)) {
        return in.len < V2_SIGNATURE_BYTES ? 0 : read_v2(out, in, err);
    }
    if (begins(in, v1_start, sizeof(v1_start) - 1)) {
        return read_v1(out, in, err);
    }
    return pl_error_set(err, PL_E_PROTO, "no PROXY header in front");
}
