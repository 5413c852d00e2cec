/* Target: blocks of addresses. A block contains its own first address and no more than it says. */
#include "fuzz.h"

#include "net/cidr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_cidr cidr;
    struct pl_error err = {0};
    struct pl_address address = {0};
    if (pl_cidr_parse(&cidr, pl_str_make((const char *)data, size), &err) < 0) {
        PL_ASSERT(err.text[0] != '\0');
        return 0;
    }
    address.family = cidr.family;
    memcpy(address.bytes, cidr.bytes, sizeof(address.bytes));
    PL_ASSERT(pl_cidr_contains(&cidr, &address) ||
              pl_address_unmapped(&address).family != address.family); /* IPv4 in IPv6 */
    for (unsigned bit = 0; bit < cidr.bits; bit++) {
        struct pl_address other = address;
        other.bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        PL_ASSERT(!pl_cidr_contains(&cidr, &other));
    }
    return 0;
}
