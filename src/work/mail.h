/* Mail: texts to players, sent over SMTP by a thread of its own, one after the other. Without a
 * server each text goes into the log instead, with a note that nobody was sent anything: good for
 * development, and nothing else.
 * Threads: the hub's. */
#ifndef PL_WORK_MAIL_H
#define PL_WORK_MAIL_H

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"

struct pl_mail;

struct pl_mail_config {
    struct pl_str url;  /* "smtp://HOST:PORT" or "smtps://HOST:PORT"; empty: the log */
    struct pl_str user; /* empty: nobody logs in */
    struct pl_str password;
    struct pl_str from;         /* "Game <game@example.com>" or an address */
    struct pl_str ca_file;      /* certificates to trust, in PEM form; empty: the system's */
    bool requires_tls;          /* of smtp: STARTTLS, or nothing is sent; smtps always has TLS */
    int64_t connect_timeout_ms; /* 0: 10 s */
    int64_t timeout_ms;         /* of one mail in all; 0: 30 s */
    uint32_t waiting_max;       /* mails that may wait; 0: 256 */
    const struct pl_log *log;
};

/* Whether texts are what the configuration takes; `err` as pl_error_set. */
PL_MUST_CHECK int pl_mail_check_url(struct pl_str url, struct pl_error *err);
PL_MUST_CHECK int pl_mail_check_from(struct pl_str from, struct pl_error *err);

PL_MUST_CHECK int pl_mail_create(struct pl_mail **out, const struct pl_mail_config *config,
                                 struct pl_error *err);

/* The mail under way is broken off; what waits is logged as not sent. NULL is fine. */
void pl_mail_destroy(struct pl_mail *mail);

/* Queue a mail of plain text; all of it is copied. Whether it arrives is told in the log alone.
 * Returns 0; PL_E_FULL, logged as well, when too many wait; PL_E_INVALID for what is no address. */
PL_MUST_CHECK int pl_mail_send(struct pl_mail *mail, struct pl_str to, struct pl_str subject,
                               struct pl_str text);

/* Add what it has counted. */
void pl_mail_collect(const struct pl_mail *mail, struct pl_metrics *out);

#endif
