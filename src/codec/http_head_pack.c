/* Raw deflate with a preset dictionary. What packs is set up once and reset for each head; what
 * unpacks is made for the moment, since handshakes are looked at far less often than connections
 * are opened. */
#include "codec/http_head_pack.h"

#include "base/alloc.h"

#include <limits.h>
#include <zlib.h>

/* Negative: no zlib header nor check sum. 4 KiB hold the dictionary, and repeats in any head worth
 * packing. */
#define WINDOW_BITS (-12)
#define MEM_LEVEL 4
#define LEVEL 4 /* as small as level 9 for such short texts, in half the time */

#define CHROMIUM(system) "Mozilla/5.0 (" system ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1"

/* What heads are made of. Deflate finds what is near the end at the least cost: the most usual
 * comes last. */
static const char
    dictionary
        [] =
            "If-None-Match: \r\nIf-Modified-Since: \r\nTransfer-Encoding: "
            "chunked\r\nContent-Length: \r\n"
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: \r\nX-Forwarded-For: \r\nX-Real-IP: "
            "\r\nForwarded: for="
            "\r\nVia: 1.1 \r\nX-Request-Id: \r\ntraceparent: 00-\r\nCF-Connecting-IP: \r\nCF-Ray: "
            "\r\n"
            "Content-Type: text/plain;charset=UTF-8\r\nContent-Type: application/json\r\nDNT: "
            "1\r\nSec-GPC: 1\r\n"
            "Authorization: Basic \r\nAuthorization: Bearer "
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ"
            "\r\nSec-WebSocket-Protocol: \r\nX-Unity-Version: 2022.3\r\nUser-Agent: "
            "UnityPlayer/2022.3 "
            "(UnityWebRequest/1.0, "
            "libcurl/8.5.0-DEV)\r\nUser-Agent: GodotEngine/4.3.stable.official "
            "(Windows)\r\nUser-Agent: "
            "UnrealEngine/5.4 libwebsockets\r\nUser-Agent: Dart/3.5 (dart:io)\r\nUser-Agent: "
            "okhttp/4.12.0\r\n"
            "User-Agent: Python/3.12 websockets/13.1 aiohttp/3.10\r\nUser-Agent: "
            "node-XMLHttpRequest\r\nAccept: */*\r\n"
            "User-Agent: curl/8.9.1\r\nUser-Agent: Go-http-client/1.1\r\nUser-Agent: node\r\n"
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like "
            "Gecko) Version/18.0 "
            "Mobile/15E148 Safari/604.1\r\nMozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
            "AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.0 Safari/605.1.15\r\nUser-Agent: Mozilla/5.0 (X11; Ubuntu; Linux "
            "x86_64; "
            "rv:13"
            "0.0) Gecko/20100101 Firefox/130.0\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; "
            "x64; "
            "rv:13"
            "Accept-Language: "
            "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7\r\nfr-FR,fr;es-ES,es;pt-BR,pt;it-IT,it;ja-JP,ja;"
            "ko-KR,ko;"
            "zh-CN,zh;ru-RU,ru;Accept-Language: en-GB,en;q=0.9\r\nAccept-Language: "
            "en-US,en;q=0.5\r\n"
            "Sec-Fetch-Storage-Access: active\r\nSec-Fetch-Dest: websocket\r\nSec-Fetch-Dest: "
            "empty\r\n"
            "Sec-Fetch-Mode: websocket\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: "
            "cross-site\r\nSec-Fetch-Site: same-origin\r\n"
            "sec-ch-ua: \"Not?A_Brand\";v=\"24\", \"Microsoft Edge\";v=\"1\", \"Google "
            "Chrome\";v=\"1\", "
            "\"Chromium\";v=\"1\"\r\n"
            "sec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Android\"\r\nsec-ch-ua-platform: "
            "\"macOS\"\r\n"
            "sec-ch-ua-platform: \"Linux\"\r\nsec-ch-ua-platform: \"Windows\"\r\nReferer: "
            "https://www.\r\n"
            "Referer: http://localhost:\r\nCookie: __Host-session=; _ga=GA1.1.; io=; "
            "connect.sid=s%3A; "
            "csrftoken=; token=eyJ\r\n"
            "GET /ws HTTP/1.1\r\nGET / HTTP/1.1\r\nGET /socket.io/?EIO=4&transport=polling&t= "
            "HTTP/1.1\r\n"
            "POST /socket.io/?EIO=4&transport=polling&t=&sid= HTTP/1.1\r\nConnection: "
            "keep-alive\r\n"
            "Connection: keep-alive, Upgrade\r\nOrigin: null\r\nOrigin: "
            "https://www.\r\nCache-Control: "
            "max-age=0\r\n" CHROMIUM("Linux; Android 10; K") "30.0.0.0 Mobile "
                                                             "Safari/537.36\r\n" CHROMIUM("Macintos"
                                                                                          "h; "
                                                                                          "Intel "
                                                                                          "Mac OS "
                                                                                          "X "
                                                                                          "10_15_7") "30.0.0.0 Safari/537.36 Edg/130.0.0.0\r\n" CHROMIUM(
                                                                 "X11; Linux x86_64") "GET "
                                                                                      "/socket.io/"
                                                                                      "?EIO=4&"
                                                                                      "transport="
                                                                                      "websocket "
                                                                                      "HTTP/"
                                                                                      "1.1\r\nHost:"
                                                                                      " "
                                                                                      "127.0.0.1:"
                                                                                      "\r\nHost: "
                                                                                      "localhost:"
                                                                                      "\r\n"
                                                                                      "Sec-"
                                                                                      "WebSocket-"
                                                                                      "Version: "
                                                                                      "13\r\nSec-"
                                                                                      "WebSocket-"
                                                                                      "Key: "
                                                                                      "\r\nConnecti"
                                                                                      "on: "
                                                                                      "Upgrade\r\nU"
                                                                                      "pgrade: "
                                                                                      "websocket\r"
                                                                                      "\n"
                                                                                      "Sec-"
                                                                                      "WebSocket-"
                                                                                      "Extensions: "
                                                                                      "permessage-"
                                                                                      "deflate; "
                                                                                      "client_max_"
                                                                                      "window_"
                                                                                      "bits\r\n"
                                                                                      "Connection: "
                                                                                      "Upgrade\r\nP"
                                                                                      "ragma: "
                                                                                      "no-"
                                                                                      "cache\r\nCac"
                                                                                      "he-Control: "
                                                                                      "no-cache\r\n"
                                                                                      "User-Agent:"
                                                                                      " " CHROMIUM(
                                                                                          "Windows "
                                                                                          "NT "
                                                                                          "10.0; "
                                                                                          "Win64; "
                                                                                          "x64") "4"
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "0"
                                                                                                 " "
                                                                                                 "S"
                                                                                                 "a"
                                                                                                 "f"
                                                                                                 "a"
                                                                                                 "r"
                                                                                                 "i"
                                                                                                 "/"
                                                                                                 "5"
                                                                                                 "3"
                                                                                                 "7"
                                                                                                 "."
                                                                                                 "3"
                                                                                                 "6"
                                                                                                 "\r\n"
                                                                                                 "U"
                                                                                                 "p"
                                                                                                 "g"
                                                                                                 "r"
                                                                                                 "a"
                                                                                                 "d"
                                                                                                 "e"
                                                                                                 ":"
                                                                                                 " "
                                                                                                 "w"
                                                                                                 "e"
                                                                                                 "b"
                                                                                                 "s"
                                                                                                 "o"
                                                                                                 "c"
                                                                                                 "k"
                                                                                                 "e"
                                                                                                 "t"
                                                                                                 "\r\nOrigin: "
                                                                                                 "h"
                                                                                                 "t"
                                                                                                 "t"
                                                                                                 "p"
                                                                                                 ":"
                                                                                                 "/"
                                                                                                 "/"
                                                                                                 "1"
                                                                                                 "2"
                                                                                                 "7"
                                                                                                 "."
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "1"
                                                                                                 ":"
                                                                                                 "\r\nOrigin: "
                                                                                                 "h"
                                                                                                 "t"
                                                                                                 "t"
                                                                                                 "p"
                                                                                                 ":"
                                                                                                 "/"
                                                                                                 "/"
                                                                                                 "l"
                                                                                                 "o"
                                                                                                 "c"
                                                                                                 "a"
                                                                                                 "l"
                                                                                                 "h"
                                                                                                 "o"
                                                                                                 "s"
                                                                                                 "t"
                                                                                                 ":"
                                                                                                 "\r\nSec-WebSocket-"
                                                                                                 "V"
                                                                                                 "e"
                                                                                                 "r"
                                                                                                 "s"
                                                                                                 "i"
                                                                                                 "o"
                                                                                                 "n"
                                                                                                 ":"
                                                                                                 " "
                                                                                                 "1"
                                                                                                 "3"
                                                                                                 "\r\n"
                                                                                                 "A"
                                                                                                 "c"
                                                                                                 "c"
                                                                                                 "e"
                                                                                                 "p"
                                                                                                 "t"
                                                                                                 "-"
                                                                                                 "E"
                                                                                                 "n"
                                                                                                 "c"
                                                                                                 "o"
                                                                                                 "d"
                                                                                                 "i"
                                                                                                 "n"
                                                                                                 "g"
                                                                                                 ":"
                                                                                                 " "
                                                                                                 "g"
                                                                                                 "z"
                                                                                                 "i"
                                                                                                 "p"
                                                                                                 ","
                                                                                                 " "
                                                                                                 "d"
                                                                                                 "e"
                                                                                                 "f"
                                                                                                 "l"
                                                                                                 "a"
                                                                                                 "t"
                                                                                                 "e"
                                                                                                 "\r\nAccept-Encoding: gzip, "
                                                                                                 "d"
                                                                                                 "e"
                                                                                                 "f"
                                                                                                 "l"
                                                                                                 "a"
                                                                                                 "t"
                                                                                                 "e"
                                                                                                 ","
                                                                                                 " "
                                                                                                 "b"
                                                                                                 "r"
                                                                                                 ","
                                                                                                 " "
                                                                                                 "z"
                                                                                                 "s"
                                                                                                 "t"
                                                                                                 "d"
                                                                                                 "\r\nAccept-Language: "
                                                                                                 "e"
                                                                                                 "n"
                                                                                                 "-"
                                                                                                 "U"
                                                                                                 "S"
                                                                                                 ","
                                                                                                 "e"
                                                                                                 "n"
                                                                                                 ";"
                                                                                                 "q"
                                                                                                 "="
                                                                                                 "0"
                                                                                                 "."
                                                                                                 "9"
                                                                                                 "\r\n"
                                                                                                 "S"
                                                                                                 "e"
                                                                                                 "c"
                                                                                                 "-"
                                                                                                 "W"
                                                                                                 "e"
                                                                                                 "b"
                                                                                                 "S"
                                                                                                 "o"
                                                                                                 "c"
                                                                                                 "k"
                                                                                                 "e"
                                                                                                 "t"
                                                                                                 "-"
                                                                                                 "K"
                                                                                                 "e"
                                                                                                 "y"
                                                                                                 ":"
                                                                                                 " "
                                                                                                 "="
                                                                                                 "="
                                                                                                 "\r\nSec-WebSocket-Extensions: "
                                                                                                 "p"
                                                                                                 "e"
                                                                                                 "r"
                                                                                                 "m"
                                                                                                 "e"
                                                                                                 "s"
                                                                                                 "s"
                                                                                                 "a"
                                                                                                 "g"
                                                                                                 "e"
                                                                                                 "-"
                                                                                                 "d"
                                                                                                 "e"
                                                                                                 "f"
                                                                                                 "l"
                                                                                                 "a"
                                                                                                 "t"
                                                                                                 "e"
                                                                                                 ";"
                                                                                                 " "
                                                                                                 "c"
                                                                                                 "l"
                                                                                                 "i"
                                                                                                 "e"
                                                                                                 "n"
                                                                                                 "t"
                                                                                                 "_"
                                                                                                 "m"
                                                                                                 "a"
                                                                                                 "x"
                                                                                                 "_"
                                                                                                 "w"
                                                                                                 "i"
                                                                                                 "n"
                                                                                                 "d"
                                                                                                 "o"
                                                                                                 "w"
                                                                                                 "_"
                                                                                                 "b"
                                                                                                 "i"
                                                                                                 "t"
                                                                                                 "s"
                                                                                                 "\r\n\r\n";

_Static_assert(sizeof(dictionary) <= 4096 - 262,
               "all of it is within reach of the window (zlib's MIN_LOOKAHEAD)");

struct pl_http_head_packer {
    z_stream deflate;
    uint8_t packed[PL_HTTP_HEAD_PACKED_MAX];
};

static void set_dictionary(z_stream *stream, int (*set)(z_stream *, const Bytef *, uInt))
{
    int rc = set(stream, (const Bytef *)dictionary, (uInt)(sizeof(dictionary) - 1));
    PL_ASSERT(rc == Z_OK);
}

/* zlib only reads its input, but says so only where ZLIB_CONST is in force. */
static Bytef *as_input(struct pl_str str)
{
    union {
        const char *in;
        Bytef *out;
    } bytes = {.in = str.ptr};
    return bytes.out;
}

/* --- packing --- */

static void *allocate(void *unused, uInt count, uInt size)
{
    (void)unused;
    return pl_alloc_array(count, size);
}

static void release(void *unused, void *ptr)
{
    (void)unused;
    pl_free(ptr);
}

struct pl_http_head_packer *pl_http_head_packer_create(void)
{
    struct pl_http_head_packer *packer = pl_alloc(sizeof(*packer));
    int rc = 0;
    packer->deflate.zalloc = allocate;
    packer->deflate.zfree = release;
    rc = deflateInit2(&packer->deflate, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL,
                      Z_DEFAULT_STRATEGY);
    PL_ASSERT(rc == Z_OK);
    return packer;
}

void pl_http_head_packer_destroy(struct pl_http_head_packer *packer)
{
    if (packer != NULL) {
        deflateEnd(&packer->deflate);
        pl_free(packer);
    }
}

bool pl_http_head_pack(struct pl_str *out, struct pl_http_head_packer *packer, struct pl_str head)
{
    z_stream *stream = &packer->deflate;
    if (head.len == 0 || head.len > UINT_MAX) {
        return false;
    }
    deflateReset(stream);
    set_dictionary(stream, deflateSetDictionary);
    stream->next_in = as_input(head);
    stream->avail_in = (uInt)head.len;
    stream->next_out = packer->packed;
    stream->avail_out = (uInt)pl_size_min(head.len - 1, sizeof(packer->packed));
    if (stream->avail_out == 0 || deflate(stream, Z_FINISH) != Z_STREAM_END) {
        return false;
    }
    *out = pl_str_make((const char *)packer->packed, (size_t)(stream->next_out - packer->packed));
    return true;
}

/* --- unpacking --- */

static void *try_allocate(void *unused, uInt count, uInt size)
{
    size_t bytes = 0;
    (void)unused;
    return pl_size_mul(&bytes, count, size) ? pl_try_alloc(bytes) : NULL;
}

/* Into `out`, which is exactly as long as the head was. */
static int inflate_all(struct pl_span out, struct pl_str packed, struct pl_error *err)
{
    z_stream stream = {.zalloc = try_allocate, .zfree = release};
    int rc = 0;
    bool is_whole = false;
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK) {
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    rc = inflateSetDictionary(&stream, (const Bytef *)dictionary, (uInt)(sizeof(dictionary) - 1));
    if (rc == Z_OK) {
        stream.next_in = as_input(packed);
        stream.avail_in = (uInt)packed.len;
        stream.next_out = out.ptr;
        stream.avail_out = (uInt)out.len;
        rc = inflate(&stream, Z_FINISH);
        is_whole = rc == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
    }
    inflateEnd(&stream);
    if (rc == Z_MEM_ERROR) {
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    return is_whole ? 0 : pl_error_set(err, PL_E_PROTO, "not a packed request head");
}

int pl_http_head_unpack(struct pl_str *out, struct pl_str packed, size_t head_len,
                        struct pl_arena *arena, struct pl_error *err)
{
    uint8_t *head = NULL;
    int rc = 0;
    if (packed.len > PL_HTTP_HEAD_PACKED_MAX || head_len > UINT_MAX) {
        return pl_error_set(err, PL_E_PROTO, "not a packed request head");
    }
    head = pl_arena_alloc(arena, head_len);
    if (head == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "the request head is too long");
    }
    rc = inflate_all((struct pl_span){head, head_len}, packed, err);
    if (rc < 0) {
        return rc;
    }
    *out = pl_str_make((const char *)head, head_len);
    return 0;
}
