/* URLs are taken apart by libpq. A character of the password that should have been written as %XX moves parts
 * of it to where the host, the port or the database's name should be: such a URL is refused. */
#include "store/postgres/pg_url.h"

#include "base/alloc.h"
#include "base/str.h"

#include <libpq-fe.h>

/* The options as libpq reads them; NULL: it cannot. What it says about it is wiped. */
static PQconninfoOption *parse(const char *url_cstr)
{
    char *words = NULL;
    PQconninfoOption *options = PQconninfoParse(url_cstr, &words);
    if (words != NULL) {
        pl_wipe(words, strlen(words));
        PQfreemem(words);
    }
    return options;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (option->val != NULL) {
            pl_wipe(option->val, strlen(option->val));
        }
    }
    PQconninfoFree(options);
}

/* Empty when it is not said. */
static struct pl_str find(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL) {
            return pl_str_of_cstr(option->val);
        }
    }
    return PL_STR("");
}

/* One number for each host, with commas between. */
static bool is_port(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < '0' || text.ptr[i] > '9') && text.ptr[i] != ',') {
            return false;
        }
    }
    return true;
}

static bool has_at(struct pl_str text)
{
    return pl_str_find_char(text, '@') < text.len;
}

static bool is_sound(const PQconninfoOption *options)
{
    return options != NULL && is_port(find(options, "port")) && !has_at(find(options, "host")) &&
           !has_at(find(options, "dbname"));
}

int pl_pg_url_check(const char *url_cstr, struct pl_error *err)
{
    PQconninfoOption *options = parse(url_cstr);
    bool is_good = is_sound(options);
    free_options(options);
    if (!is_good) {
        return pl_error_set(err, PL_E_INVALID,
                            "the store's URL is not postgresql://USER:PASSWORD@HOST:PORT/NAME: "
                            "write / @ : %% ? # in a password as %%2F %%40 %%3A %%25 %%3F %%23");
    }
    return 0;
}

static void show_host(struct pl_buf *out, struct pl_str host)
{
    bool is_ipv6 = pl_str_find_char(host, ':') < host.len;
    if (host.len > 0 && host.ptr[0] == '/') { /* a folder: an option, in a URL */
        return;
    }
    pl_buf_addf(out, is_ipv6 ? "[" PL_STR_FMT "]" : PL_STR_FMT, PL_STR_ARG(host));
}

static void show(struct pl_buf *out, const PQconninfoOption *options)
{
    struct pl_str user = find(options, "user");
    struct pl_str port = find(options, "port");
    pl_buf_add_str(out, PL_STR("postgresql://"));
    if (user.len > 0) {
        pl_buf_addf(out, PL_STR_FMT "@", PL_STR_ARG(user));
    }
    show_host(out, find(options, "host"));
    if (port.len > 0) {
        pl_buf_addf(out, ":" PL_STR_FMT, PL_STR_ARG(port));
    }
    pl_buf_addf(out, "/" PL_STR_FMT, PL_STR_ARG(find(options, "dbname")));
}

void pl_pg_url_show(struct pl_buf *out, const char *url_cstr)
{
    PQconninfoOption *options = parse(url_cstr);
    if (is_sound(options)) {
        show(out, options);
    } else {
        pl_buf_add_str(out, PL_STR("postgresql://..."));
    }
    free_options(options);
}
