/* Mails with foreign subjects, names and addresses: whatever they hold, the mail has the headers that
 * it should have, and short lines of seven bits where no address brought others. */
#include "fuzz.h"

#include "work/mail_text.h"

#define LIMIT_BYTES ((size_t)1 << 24)

static const char *const headers[] = {
    "Date: ",          "From: ",         "To: ",           "Message-ID: ",
    "Subject: ",       "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: ",
    "Auto-Submitted: "};

/* The head's lines are those, in this order, and what continues them. */
static struct pl_str check_head(struct pl_str mail)
{
    size_t next = 0;
    for (;;) {
        struct pl_str line = pl_str_split(&mail, '\n');
        PL_ASSERT(line.len > 0 && line.ptr[line.len - 1] == '\r');
        if (line.len == 1) {
            break;
        }
        if (line.ptr[0] != ' ') {
            PL_ASSERT(next < PL_ARRAY_LEN(headers));
            PL_ASSERT(pl_str_starts_with(line, pl_str_of_cstr(headers[next])));
            next++;
        }
    }
    PL_ASSERT(next == PL_ARRAY_LEN(headers));
    return mail;
}

static void check_body(struct pl_str body)
{
    while (body.ptr != NULL && body.len > 0) {
        struct pl_str line = pl_str_split(&body, '\n');
        PL_ASSERT(line.len <= 77 && line.ptr[line.len - 1] == '\r');
        for (size_t i = 0; i + 1 < line.len; i++) {
            PL_ASSERT(line.ptr[i] >= 0x20 && line.ptr[i] <= 0x7e);
        }
    }
}

/* Three parts with U+0000 between: sender, recipient, and what is both subject and text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str rest = pl_str_make((const char *)data, size);
    struct pl_str from = pl_str_split(&rest, '\0');
    struct pl_str to = pl_str_split(&rest, '\0');
    struct pl_mail_text mail = {.to = to, .subject = rest, .text = rest, .unix_s = 1760000000};
    struct pl_buf out;
    if (!pl_mailbox_read(&mail.from, from) || !pl_mail_address_is_valid(to)) {
        return 0;
    }
    pl_buf_init(&out, LIMIT_BYTES);
    pl_mail_write(&out, &mail);
    if (!pl_buf_failed(&out)) {
        check_body(check_head(pl_buf_str(&out)));
    }
    pl_buf_fini(&out);
    return 0;
}
