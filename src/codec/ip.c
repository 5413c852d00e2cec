/* inet_pton knows the forms of both families; it wants a NUL behind them. */
#include "codec/ip.h"

#include <arpa/inet.h>

#define TEXT_MAX 45 /* eight groups, the last two as IPv4 */

struct pl_ip pl_ip_of_bytes(const uint8_t *bytes, uint8_t version)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct pl_ip ip = {.version = version};
    if (version == 6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        ip.version = 4;
        bytes += sizeof(mapped);
    }
    memcpy(ip.bytes, bytes, ip.version == 4 ? 4 : 16);
    return ip;
}

bool pl_ip_read(struct pl_ip *out, struct pl_str text)
{
    char cstr[TEXT_MAX + 1] = "";
    uint8_t bytes[16];
    *out = (struct pl_ip){0};
    if (text.len == 0 || text.len > TEXT_MAX || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(cstr, text.ptr, text.len);
    if (inet_pton(AF_INET, cstr, bytes) == 1) {
        *out = pl_ip_of_bytes(bytes, 4);
    } else if (inet_pton(AF_INET6, cstr, bytes) == 1) {
        *out = pl_ip_of_bytes(bytes, 6);
    }
    return out->version != 0;
}
