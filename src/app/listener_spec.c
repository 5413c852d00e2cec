/* Words separated by spaces: the address first, then rows of the table of options. */
#include "app/listener_spec.h"

#include "app/suggest.h"

#define CONNECTIONS_MAX 10000000
#define MODE_DEFAULT 0660u

static const struct pl_str owners[] = {
    PL_STR_INIT("server"),
    PL_STR_INIT("application"),
    PL_STR_INIT("socketio"),
    PL_STR_INIT("talo"),
};

/* --- options: a function for each; `value` is what stands behind the = --- */

static int read_tls(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    (void)value;
    (void)err;
    spec->is_secure = true;
    return 0;
}

static int read_proxy_protocol(struct pl_listener_spec *spec, struct pl_str value,
                               struct pl_error *err)
{
    (void)value;
    (void)err;
    spec->has_proxy_header = true;
    return 0;
}

static int read_ipv6_only(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    (void)value;
    spec->is_ipv6_only = true;
    if (spec->address.family != PL_ADDRESS_IPV6) {
        return pl_error_set(err, PL_E_INVALID, "ipv6_only is for IPv6 addresses");
    }
    return 0;
}

static int refuse_owner(struct pl_str owner, struct pl_error *err)
{
    struct pl_suggest suggest;
    char hint[PL_SUGGEST_HINT_MAX];
    pl_suggest_init(&suggest, owner);
    for (size_t i = 0; i < PL_ARRAY_LEN(owners); i++) {
        pl_suggest_offer(&suggest, owners[i]);
    }
    return pl_error_set(
        err, PL_E_INVALID, "serve: '%.*s' is none of server, application, socketio, talo%s",
        (int)pl_size_min(owner.len, 32), owner.ptr, pl_suggest_hint(hint, &suggest));
}

static int read_serve(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    while (value.ptr != NULL) {
        struct pl_str owner = pl_str_split(&value, '+');
        size_t at = 0;
        while (at < PL_ARRAY_LEN(owners) && !pl_str_eq(owner, owners[at])) {
            at++;
        }
        if (at == PL_ARRAY_LEN(owners)) {
            return refuse_owner(owner, err);
        }
        spec->serve |= 1u << at;
    }
    return 0;
}

static int read_connections_max(struct pl_listener_spec *spec, struct pl_str value,
                                struct pl_error *err)
{
    uint64_t number = 0;
    if (!pl_str_to_u64(&number, value, CONNECTIONS_MAX) || number == 0) {
        return pl_error_set(err, PL_E_INVALID, "connections_max is a number from 1 to %d",
                            CONNECTIONS_MAX);
    }
    spec->connections_max = (uint32_t)number;
    return 0;
}

static int read_mode(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    unsigned mode = 0;
    bool is_good = value.len >= 3 && value.len <= 4;
    for (size_t i = 0; i < value.len && is_good; i++) {
        is_good = value.ptr[i] >= '0' && value.ptr[i] <= '7';
        mode = mode * 8 + (unsigned)(value.ptr[i] - '0');
    }
    if (!is_good || mode > 0777) {
        return pl_error_set(err, PL_E_INVALID, "mode is an octal number, such as 0660");
    }
    spec->place.mode = mode;
    return 0;
}

static int read_user(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    spec->place.user = value;
    return value.len > 0 ? 0 : pl_error_set(err, PL_E_INVALID, "user is empty");
}

static int read_group(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err)
{
    spec->place.group = value;
    return value.len > 0 ? 0 : pl_error_set(err, PL_E_INVALID, "group is empty");
}

static const struct option {
    struct pl_str name;
    bool has_value;
    bool is_of_file; /* means something for a socket file alone */
    int (*read)(struct pl_listener_spec *spec, struct pl_str value, struct pl_error *err);
} options[] = {
    {PL_STR_INIT("tls"), false, false, read_tls},
    {PL_STR_INIT("proxy_protocol"), false, false, read_proxy_protocol},
    {PL_STR_INIT("ipv6_only"), false, false, read_ipv6_only},
    {PL_STR_INIT("serve"), true, false, read_serve},
    {PL_STR_INIT("connections_max"), true, false, read_connections_max},
    {PL_STR_INIT("mode"), true, true, read_mode},
    {PL_STR_INIT("user"), true, true, read_user},
    {PL_STR_INIT("group"), true, true, read_group},
};

static int refuse_option(struct pl_str name, struct pl_error *err)
{
    struct pl_suggest suggest;
    char hint[PL_SUGGEST_HINT_MAX];
    pl_suggest_init(&suggest, name);
    for (size_t i = 0; i < PL_ARRAY_LEN(options); i++) {
        pl_suggest_offer(&suggest, options[i].name);
    }
    return pl_error_set(err, PL_E_INVALID, "no option of a listener is called '%.*s'%s",
                        (int)pl_size_min(name.len, 32), name.ptr, pl_suggest_hint(hint, &suggest));
}

static bool is_file(const struct pl_listener_spec *spec)
{
    return spec->address.family == PL_ADDRESS_UNIX && spec->place.path.ptr[0] != '@';
}

/* `seen`: bits of the rows that have stood before. */
static int read_option(struct pl_listener_spec *spec, struct pl_str word, unsigned *seen,
                       struct pl_error *err)
{
    bool has_value = pl_str_find_char(word, '=') < word.len;
    struct pl_str value = word;
    struct pl_str name = pl_str_split(&value, '=');
    for (size_t i = 0; i < PL_ARRAY_LEN(options); i++) {
        const struct option *option = &options[i];
        if (!pl_str_eq(name, option->name)) {
            continue;
        }
        if (option->has_value != has_value) {
            return pl_error_set(err, PL_E_INVALID,
                                has_value ? "%s takes no value" : "%s wants a value: %s=...",
                                option->name.ptr, option->name.ptr);
        }
        if ((*seen & 1u << i) != 0) {
            return pl_error_set(err, PL_E_INVALID, "%s stands twice", option->name.ptr);
        }
        if (option->is_of_file && !is_file(spec)) {
            return pl_error_set(err, PL_E_INVALID, "%s is for unix:PATH", option->name.ptr);
        }
        *seen |= 1u << i;
        return option->read(spec, value, err);
    }
    return refuse_option(name, err);
}

static int read_place(struct pl_listener_spec *spec, struct pl_str word, struct pl_error *err)
{
    static const struct pl_str prefix = PL_STR_INIT("unix:");
    struct pl_str path = pl_str_from(word, prefix.len);
    spec->name = word;
    if (!pl_str_starts_with(word, prefix)) {
        return pl_address_parse(&spec->address, word, err);
    }
    spec->address.family = PL_ADDRESS_UNIX;
    spec->place = (struct pl_unix_place){.path = path, .mode = MODE_DEFAULT};
    if (path.len < 2 || (path.ptr[0] != '/' && path.ptr[0] != '@')) {
        return pl_error_set(err, PL_E_INVALID,
                            "write unix:/A/PATH, from the root on, or unix:@NAME");
    }
    if (path.len > PL_UNIX_PATH_MAX) {
        return pl_error_set(err, PL_E_INVALID, "the path of a socket may have %d bytes",
                            PL_UNIX_PATH_MAX);
    }
    return 0;
}

int pl_listener_spec_read(struct pl_listener_spec *out, struct pl_str text, struct pl_error *err)
{
    struct pl_str rest = pl_str_trim(text);
    unsigned seen = 0;
    *out = (struct pl_listener_spec){0};
    int rc = read_place(out, pl_str_split(&rest, ' '), err);
    while (rc == 0 && rest.len > 0) {
        struct pl_str word = pl_str_split(&rest, ' ');
        if (word.len > 0) { /* several spaces are as good as one */
            rc = read_option(out, word, &seen, err);
        }
    }
    return rc;
}

const char *pl_listener_owner_name(unsigned bit_number)
{
    return bit_number < PL_ARRAY_LEN(owners) ? owners[bit_number].ptr : NULL;
}

bool pl_listener_spec_is_same_place(const struct pl_listener_spec *a,
                                    const struct pl_listener_spec *b)
{
    if (a->address.family == PL_ADDRESS_UNIX || b->address.family == PL_ADDRESS_UNIX) {
        return a->address.family == b->address.family && pl_str_eq(a->place.path, b->place.path);
    }
    return a->address.port != 0 && pl_address_eq(&a->address, &b->address);
}
