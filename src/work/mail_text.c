/* Lines of quoted-printable have at most 76 characters; encoded words hold 39 bytes, in whole
 * characters of UTF-8, so that each stands alone. */
#include "work/mail_text.h"

#include "base/base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define LINE_MAX_CHARS 75 /* and a "=" that says that the line goes on */
#define WORD_BYTES 39     /* with "Subject: " no line has more than 76 */

/* --- addresses --- */

bool pl_mail_address_is_valid(struct pl_str address)
{
    size_t at_count = 0;
    for (size_t i = 0; i < address.len; i++) {
        unsigned char c = (unsigned char)address.ptr[i];
        if (c <= 0x20 || c == 0x7f || strchr("<>()[],;:\\\"", c) != NULL) {
            return false;
        }
        at_count += c == '@';
    }
    return address.len <= PL_MAIL_ADDRESS_MAX && at_count == 1 && address.ptr[0] != '@' &&
           address.ptr[address.len - 1] != '@';
}

static bool has_control(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

bool pl_mailbox_read(struct pl_mailbox *out, struct pl_str text)
{
    struct pl_str rest = pl_str_trim(text);
    size_t open = pl_str_find_char(rest, '<');
    *out = (struct pl_mailbox){.address = rest};
    if (open < rest.len && rest.ptr[rest.len - 1] == '>') {
        out->name = pl_str_trim(pl_str_first(rest, open));
        out->address = pl_str_first(pl_str_from(rest, open + 1), rest.len - open - 2);
    }
    if (out->name.len >= 2 && out->name.ptr[0] == '"' && out->name.ptr[out->name.len - 1] == '"') {
        out->name = pl_str_first(pl_str_from(out->name, 1), out->name.len - 2);
    }
    return !has_control(out->name) && pl_mail_address_is_valid(out->address);
}

/* --- headers --- */

static bool is_plain(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* Encoded words, folded. */
static void add_words(struct pl_buf *out, struct pl_str text)
{
    while (text.len > 0) {
        size_t len = pl_size_min(text.len, WORD_BYTES);
        while (len < text.len && len > 1 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
            len--; /* not inside a character */
        }
        pl_buf_add_str(out, PL_STR("=?utf-8?B?"));
        pl_buf_add_base64(out, text.ptr, len);
        pl_buf_add_str(out, PL_STR("?="));
        text = pl_str_from(text, len);
        if (text.len > 0) {
            pl_buf_add_str(out, PL_STR("\r\n "));
        }
    }
}

static void add_mailbox(struct pl_buf *out, const struct pl_mailbox *mailbox)
{
    if (mailbox->name.len > 0 && is_plain(mailbox->name)) {
        pl_buf_add_char(out, '"');
        for (size_t i = 0; i < mailbox->name.len; i++) {
            if (mailbox->name.ptr[i] == '"' || mailbox->name.ptr[i] == '\\') {
                pl_buf_add_char(out, '\\');
            }
            pl_buf_add_char(out, mailbox->name.ptr[i]);
        }
        pl_buf_add_str(out, PL_STR("\" "));
    } else if (mailbox->name.len > 0) {
        add_words(out, mailbox->name);
        pl_buf_add_char(out, ' ');
    }
    pl_buf_addf(out, "<" PL_STR_FMT ">\r\n", PL_STR_ARG(mailbox->address));
}

static void add_date(struct pl_buf *out, int64_t unix_s)
{
    char text[64];
    struct tm tm = {0};
    time_t when = (time_t)unix_s;
    (void)gmtime_r(&when, &tm);
    (void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
    pl_buf_addf(out, "Date: %s\r\n", text);
}

/* --- the text --- */

/* What a byte becomes, in `out`; returns the length. */
static size_t encode_byte(char out[4], unsigned char c, bool is_last_of_line)
{
    if (c > 0x7e || c < 0x20 || c == '=' || (c == ' ' && is_last_of_line)) {
        (void)snprintf(out, 4, "=%02X", c);
        return 3;
    }
    out[0] = (char)c;
    return 1;
}

static void add_quoted_printable(struct pl_buf *out, struct pl_str text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        char code[4];
        if (text.ptr[i] == '\n') {
            pl_buf_add_str(out, PL_STR("\r\n"));
            column = 0;
            continue;
        }
        bool is_last = i + 1 == text.len || text.ptr[i + 1] == '\n';
        size_t len = encode_byte(code, (unsigned char)text.ptr[i], is_last);
        if (column + len > LINE_MAX_CHARS) {
            pl_buf_add_str(out, PL_STR("=\r\n"));
            column = 0;
        }
        pl_buf_add(out, code, len);
        column += len;
    }
    pl_buf_add_str(out, PL_STR("\r\n"));
}

void pl_mail_write(struct pl_buf *out, const struct pl_mail_text *mail)
{
    struct pl_mailbox to = {.address = mail->to};
    struct pl_str domain =
        pl_str_from(mail->from.address, pl_str_find_char(mail->from.address, '@'));
    add_date(out, mail->unix_s);
    pl_buf_add_str(out, PL_STR("From: "));
    add_mailbox(out, &mail->from);
    pl_buf_add_str(out, PL_STR("To: "));
    add_mailbox(out, &to);
    pl_buf_addf(out, "Message-ID: <%" PRIx64 ".%" PRId64 PL_STR_FMT ">\r\n", mail->id, mail->unix_s,
                PL_STR_ARG(domain));
    pl_buf_add_str(out, PL_STR("Subject: "));
    if (is_plain(mail->subject) && mail->subject.len <= 900) {
        pl_buf_add_str(out, mail->subject);
    } else {
        add_words(out, mail->subject);
    }
    pl_buf_add_str(out, PL_STR("\r\nMIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n"
                               "Auto-Submitted: auto-generated\r\n\r\n"));
    add_quoted_printable(out, mail->text);
}
