/* Words in a map; a text is cut into runs of letters and digits, and each is looked up as it is and
 * without the digits around it. */
#include "store/talo/words.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct pl_talo_words {
    struct pl_map by_text; /* lower case; the value is the list itself */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || (uint8_t)c >= 0x80;
}

/* In lower case; false when it is longer than any word. */
static bool copy_lower(char out[PL_TALO_WORD_BYTES_MAX], struct pl_str word)
{
    if (word.len > PL_TALO_WORD_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    return true;
}

static int add_word(struct pl_talo_words *words, struct pl_str word, size_t line,
                    struct pl_error *err)
{
    char lower[PL_TALO_WORD_BYTES_MAX];
    if (!pl_utf8_is_valid(word)) {
        return pl_error_set(err, PL_E_INVALID, "line %zu is not UTF-8", line);
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!is_word_char(word.ptr[i])) {
            return pl_error_set(err, PL_E_INVALID, "line %zu: more than one word of letters", line);
        }
    }
    if (!copy_lower(lower, word)) {
        return pl_error_set(err, PL_E_INVALID, "line %zu: longer than %d bytes", line,
                            PL_TALO_WORD_BYTES_MAX);
    }
    pl_map_put(&words->by_text, pl_str_make(lower, word.len), words);
    return 0;
}

int pl_talo_words_read(struct pl_talo_words **out, struct pl_str text, struct pl_error *err)
{
    struct pl_talo_words *words = pl_alloc(sizeof(*words));
    pl_map_init(&words->by_text, NULL);
    for (size_t line = 1; text.len > 0; line++) {
        struct pl_str word = pl_str_split(&text, '\n');
        word = pl_str_trim(pl_str_first(word, pl_str_find_char(word, '\r')));
        if (word.len == 0 || word.ptr[0] == '#') {
            continue;
        }
        int rc = add_word(words, word, line, err);
        if (rc < 0) {
            pl_talo_words_destroy(words);
            return rc;
        }
    }
    *out = words;
    return 0;
}

/* All of a file, or an error; `fd` is open. */
static int read_file(struct pl_str *out, char **buffer, int fd, struct pl_error *err)
{
    size_t len = 0;
    *buffer = pl_alloc(PL_TALO_WORDS_BYTES_MAX + 1);
    while (len <= PL_TALO_WORDS_BYTES_MAX) {
        ssize_t count = read(fd, *buffer + len, PL_TALO_WORDS_BYTES_MAX + 1 - len);
        if (count < 0 && errno != EINTR) {
            return pl_error_set(err, PL_E_IO, "cannot be read: %s", strerror(errno));
        }
        if (count == 0) {
            *out = pl_str_make(*buffer, len);
            return 0;
        }
        len += count > 0 ? (size_t)count : 0;
    }
    return pl_error_set(err, PL_E_TOO_BIG, "more than %zu bytes", PL_TALO_WORDS_BYTES_MAX);
}

int pl_talo_words_load(struct pl_talo_words **out, const char *path_cstr, struct pl_error *err)
{
    char *buffer = NULL;
    struct pl_str text;
    int fd = open(path_cstr, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return pl_error_set(err, PL_E_IO, "%s", strerror(errno));
    }
    int rc = read_file(&text, &buffer, fd, err);
    rc = rc < 0 ? rc : pl_talo_words_read(out, text, err);
    close(fd);
    pl_free(buffer);
    return rc;
}

void pl_talo_words_destroy(struct pl_talo_words *words)
{
    if (words != NULL) {
        pl_map_fini(&words->by_text);
        pl_free(words);
    }
}

static bool has_word(const struct pl_talo_words *words, struct pl_str run)
{
    char lower[PL_TALO_WORD_BYTES_MAX];
    return run.len > 0 && copy_lower(lower, run) &&
           pl_map_find(&words->by_text, pl_str_make(lower, run.len)) != NULL;
}

static struct pl_str without_digits(struct pl_str run)
{
    while (run.len > 0 && is_digit(run.ptr[0])) {
        run = pl_str_from(run, 1);
    }
    while (run.len > 0 && is_digit(run.ptr[run.len - 1])) {
        run.len--;
    }
    return run;
}

bool pl_talo_words_have(const struct pl_talo_words *words, struct pl_str text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t from = at;
        while (at < text.len && is_word_char(text.ptr[at])) {
            at++;
        }
        struct pl_str run = pl_str_make(text.ptr + from, at - from);
        if (has_word(words, run) || has_word(words, without_digits(run))) {
            return true;
        }
        at++;
    }
    return false;
}

static bool is_profane(void *user, struct pl_str text)
{
    return pl_talo_words_have(user, text);
}

struct pl_talo_profanity pl_talo_words_profanity(struct pl_talo_words *words)
{
    return words == NULL ? (struct pl_talo_profanity){0}
                         : (struct pl_talo_profanity){.is_profane = is_profane, .user = words};
}
