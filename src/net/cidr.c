/* Blocks of addresses. */
#include "net/cidr.h"

#include <arpa/inet.h>

static unsigned bits_of_family(uint8_t family)
{
    return family == PL_ADDRESS_IPV4 ? 32 : family == PL_ADDRESS_IPV6 ? 128 : 0;
}

static uint8_t parse_host(uint8_t bytes[16], struct pl_str host)
{
    char host_cstr[PL_ADDRESS_TEXT_MAX] = {0};
    if (host.len == 0 || host.len >= sizeof(host_cstr)) {
        return PL_ADDRESS_NONE;
    }
    memcpy(host_cstr, host.ptr, host.len);
    if (strlen(host_cstr) != host.len) {
        return PL_ADDRESS_NONE;
    }
    if (inet_pton(AF_INET, host_cstr, bytes) == 1) {
        return PL_ADDRESS_IPV4;
    }
    return inet_pton(AF_INET6, host_cstr, bytes) == 1 ? PL_ADDRESS_IPV6 : PL_ADDRESS_NONE;
}

/* Whether the first `bits` bits are the same. */
static bool has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> bits % 8);
    return memcmp(bytes, prefix, whole) == 0 &&
           (bits % 8 == 0 || ((bytes[whole] ^ prefix[whole]) & mask) == 0);
}

static bool is_clear_behind(const uint8_t bytes[16], unsigned bits)
{
    for (unsigned bit = bits; bit < 128; bit++) {
        if ((bytes[bit / 8] & 0x80u >> bit % 8) != 0) {
            return false;
        }
    }
    return true;
}

int pl_cidr_parse(struct pl_cidr *out, struct pl_str text, struct pl_error *err)
{
    size_t slash = pl_str_find_char(text, '/');
    bool has_prefix_length = slash < text.len;
    uint64_t bits = 0;
    *out = (struct pl_cidr){0};
    if (pl_str_eq(text, PL_STR("unix"))) {
        out->family = PL_ADDRESS_UNIX;
        return 0;
    }
    out->family = parse_host(out->bytes, pl_str_first(text, slash));
    bits = bits_of_family(out->family);
    if (out->family == PL_ADDRESS_NONE ||
        (has_prefix_length && !pl_str_to_u64(&bits, pl_str_from(text, slash + 1), bits))) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' is no block of addresses: write ADDRESS/BITS, such "
                            "as 10.0.0.0/8, or one address",
                            PL_STR_ARG(text));
    }
    if (!is_clear_behind(out->bytes, (unsigned)bits)) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' has bits set behind its prefix of %u",
                            PL_STR_ARG(text), (unsigned)bits);
    }
    out->bits = (uint8_t)bits;
    return 0;
}

bool pl_cidr_contains(const struct pl_cidr *cidr, const struct pl_address *address)
{
    struct pl_address plain = pl_address_unmapped(address);
    return plain.family == cidr->family && has_prefix(plain.bytes, cidr->bytes, cidr->bits);
}

bool pl_cidr_any_contains(const struct pl_cidr *cidrs, size_t count,
                          const struct pl_address *address)
{
    for (size_t i = 0; i < count; i++) {
        if (pl_cidr_contains(&cidrs[i], address)) {
            return true;
        }
    }
    return false;
}
