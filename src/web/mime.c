/* The content types of what web pages are made of, as registered with IANA. */
#include "web/mime.h"

static const struct {
    struct pl_str extension;
    struct pl_str type;
} types[] = {
    {PL_STR_INIT("html"), PL_STR_INIT("text/html; charset=utf-8")},
    {PL_STR_INIT("htm"), PL_STR_INIT("text/html; charset=utf-8")},
    {PL_STR_INIT("css"), PL_STR_INIT("text/css; charset=utf-8")},
    {PL_STR_INIT("js"), PL_STR_INIT("text/javascript; charset=utf-8")},
    {PL_STR_INIT("mjs"), PL_STR_INIT("text/javascript; charset=utf-8")},
    {PL_STR_INIT("json"), PL_STR_INIT("application/json; charset=utf-8")},
    {PL_STR_INIT("map"), PL_STR_INIT("application/json; charset=utf-8")},
    {PL_STR_INIT("webmanifest"), PL_STR_INIT("application/manifest+json; charset=utf-8")},
    {PL_STR_INIT("txt"), PL_STR_INIT("text/plain; charset=utf-8")},
    {PL_STR_INIT("md"), PL_STR_INIT("text/markdown; charset=utf-8")},
    {PL_STR_INIT("csv"), PL_STR_INIT("text/csv; charset=utf-8")},
    {PL_STR_INIT("xml"), PL_STR_INIT("application/xml; charset=utf-8")},
    {PL_STR_INIT("svg"), PL_STR_INIT("image/svg+xml; charset=utf-8")},
    {PL_STR_INIT("png"), PL_STR_INIT("image/png")},
    {PL_STR_INIT("jpg"), PL_STR_INIT("image/jpeg")},
    {PL_STR_INIT("jpeg"), PL_STR_INIT("image/jpeg")},
    {PL_STR_INIT("gif"), PL_STR_INIT("image/gif")},
    {PL_STR_INIT("webp"), PL_STR_INIT("image/webp")},
    {PL_STR_INIT("avif"), PL_STR_INIT("image/avif")},
    {PL_STR_INIT("ico"), PL_STR_INIT("image/vnd.microsoft.icon")},
    {PL_STR_INIT("woff"), PL_STR_INIT("font/woff")},
    {PL_STR_INIT("woff2"), PL_STR_INIT("font/woff2")},
    {PL_STR_INIT("ttf"), PL_STR_INIT("font/ttf")},
    {PL_STR_INIT("otf"), PL_STR_INIT("font/otf")},
    {PL_STR_INIT("wasm"), PL_STR_INIT("application/wasm")},
    {PL_STR_INIT("pdf"), PL_STR_INIT("application/pdf")},
    {PL_STR_INIT("zip"), PL_STR_INIT("application/zip")},
    {PL_STR_INIT("gz"), PL_STR_INIT("application/gzip")},
    {PL_STR_INIT("mp3"), PL_STR_INIT("audio/mpeg")},
    {PL_STR_INIT("ogg"), PL_STR_INIT("audio/ogg")},
    {PL_STR_INIT("wav"), PL_STR_INIT("audio/wav")},
    {PL_STR_INIT("mp4"), PL_STR_INIT("video/mp4")},
    {PL_STR_INIT("webm"), PL_STR_INIT("video/webm")},
};

/* What follows the last dot of the last segment; empty when it has none. */
static struct pl_str extension_of(struct pl_str path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '.' && path.ptr[at - 1] != '/') {
        at--;
    }
    return at > 0 && path.ptr[at - 1] == '.' ? pl_str_from(path, at) : pl_str_first(path, 0);
}

struct pl_str pl_mime_of_path(struct pl_str path)
{
    struct pl_str extension = extension_of(path);
    for (size_t i = 0; i < PL_ARRAY_LEN(types); i++) {
        if (pl_str_eq_nocase(types[i].extension, extension)) {
            return types[i].type;
        }
    }
    return PL_STR("application/octet-stream");
}

bool pl_mime_is_compressible(struct pl_str type)
{
    static const struct pl_str others[] = {
        PL_STR_INIT("application/json"),
        PL_STR_INIT("application/xml"),
        PL_STR_INIT("application/javascript"),
        PL_STR_INIT("application/wasm"),
        PL_STR_INIT("image/vnd.microsoft.icon"),
        PL_STR_INIT("font/ttf"),
        PL_STR_INIT("font/otf"),
    };
    struct pl_str essence = pl_str_trim(pl_str_split(&type, ';'));
    if (pl_str_eq_nocase(pl_str_first(essence, 5), PL_STR("text/")) ||
        pl_str_ends_with(essence, PL_STR("+json")) || pl_str_ends_with(essence, PL_STR("+xml"))) {
        return true;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(others); i++) {
        if (pl_str_eq_nocase(essence, others[i])) {
            return true;
        }
    }
    return false;
}
