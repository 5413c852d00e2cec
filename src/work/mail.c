/* One thread with one handle of libcurl, which keeps its connection to the server while that lets
 * it. Where there is no server there is no thread either. */
#include "work/mail.h"

#include "base/alloc.h"
#include "base/env.h"
#include "work/mail_text.h"
#include "work/pool.h"

#include <curl/curl.h>

#define WAITING_MAX 256
#define CONNECT_TIMEOUT_MS 10000
#define TIMEOUT_MS 30000
#define MAIL_BYTES_MAX ((size_t)64 * 1024)
/* A log line has 2,048 bytes. */
#define QUOTED_MAX 320
#define QUOTED_TEXT_MAX 1200

/* The texts are one piece of memory behind the struct. */
struct job {
    struct pl_job base; /* the first field */
    struct pl_str to;
    struct pl_str subject;
    struct pl_str text;
    char to_cstr[PL_MAIL_ADDRESS_MAX + 1];
    char space[];
};

struct pl_mail {
    const struct pl_log *log;
    struct pl_pool *pool; /* NULL: into the log */
    CURL *curl;           /* the thread's */
    struct pl_buf upload; /* the mail being sent; the thread's */
    size_t uploaded;
    char error[CURL_ERROR_SIZE];
    char *from_cstr; /* owned, as the address of its envelope */
    struct pl_mailbox from;
    char *envelope_cstr;
    uint32_t waiting_max;
    _Atomic bool is_leaving;
    _Atomic int64_t sent_count;   /* the thread's */
    _Atomic int64_t failed_count; /* the thread's */
    int64_t logged_count;
    int64_t refused_count;
};

int pl_mail_check_url(struct pl_str url, struct pl_error *err)
{
    bool is_smtp =
        pl_str_starts_with(url, PL_STR("smtp://")) || pl_str_starts_with(url, PL_STR("smtps://"));
    CURLU *parsed = curl_url();
    char *url_cstr = pl_strdup_n(url.ptr, url.len);
    char *user = NULL;
    int rc = 0;
    if (!is_smtp || parsed == NULL ||
        curl_url_set(parsed, CURLUPART_URL, url_cstr, 0) != CURLUE_OK) {
        rc = pl_error_set(err, PL_E_INVALID, "not an address of a server: smtp://HOST:PORT");
    } else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) != CURLUE_NO_USER) {
        rc = pl_error_set(err, PL_E_INVALID, "user and password are settings of their own");
    }
    curl_free(user);
    curl_url_cleanup(parsed);
    pl_free(url_cstr);
    return rc;
}

int pl_mail_check_from(struct pl_str from, struct pl_error *err)
{
    struct pl_mailbox mailbox;
    return pl_mailbox_read(&mailbox, from)
               ? 0
               : pl_error_set(err, PL_E_INVALID, "neither an address nor \"Name <address>\"");
}

/* --- the thread --- */

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    struct pl_mail *mail = user;
    struct pl_str rest = pl_str_from(pl_buf_str(&mail->upload), mail->uploaded);
    size_t len = pl_size_min(rest.len, size * count);
    if (len > 0) {
        memcpy(out, rest.ptr, len);
    }
    mail->uploaded += len;
    return len;
}

/* Not zero breaks it off. */
static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct pl_mail *mail = user;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return mail->is_leaving ? 1 : 0;
}

static void write_mail(struct pl_mail *mail, const struct job *job)
{
    struct pl_mail_text text = {.from = mail->from,
                                .to = job->to,
                                .subject = job->subject,
                                .text = job->text,
                                .unix_s = pl_clock_unix_us() / 1000000};
    pl_random_bytes(&text.id, sizeof(text.id));
    pl_buf_clear(&mail->upload);
    mail->uploaded = 0;
    pl_mail_write(&mail->upload, &text);
}

static bool send_one(struct pl_mail *mail, struct job *job)
{
    struct curl_slist *to = curl_slist_append(NULL, job->to_cstr);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    mail->error[0] = '\0';
    write_mail(mail, job);
    if (to != NULL && !pl_buf_failed(&mail->upload)) {
        curl_easy_setopt(mail->curl, CURLOPT_MAIL_RCPT, to);
        code = curl_easy_perform(mail->curl);
        curl_easy_setopt(mail->curl, CURLOPT_MAIL_RCPT, NULL);
    }
    curl_slist_free_all(to);
    if (code != CURLE_OK) {
        char quoted_to[QUOTED_MAX];
        char reason[QUOTED_MAX];
        const char *text = mail->error[0] != '\0' ? mail->error : curl_easy_strerror(code);
        pl_log(mail->log, PL_LOG_ERROR, "mail.failed", "to=%s reason=%s",
               pl_log_quote(quoted_to, sizeof(quoted_to), job->to),
               pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(text)));
    }
    if (mail->upload.ptr != NULL) {
        pl_wipe(mail->upload.ptr, mail->upload.len); /* it may have held a code */
    }
    return code == CURLE_OK;
}

static void run_chain(struct pl_job *chain, uint32_t thread, void *user)
{
    struct pl_mail *mail = user;
    (void)thread;
    for (; chain != NULL; chain = chain->next) {
        struct job *job = PL_CONTAINER_OF(chain, struct job, base);
        bool is_sent = !mail->is_leaving && send_one(mail, job);
        PL_COUNTER_ADD(is_sent ? &mail->sent_count : &mail->failed_count, 1);
        pl_wipe(job->space, job->subject.len + job->text.len);
    }
}

/* --- the hub's thread --- */

static void on_wake(void *user)
{
    (void)user; /* the next mail takes back what is done */
}

static void free_done(struct pl_mail *mail)
{
    struct pl_job *base = pl_pool_take(mail->pool);
    while (base != NULL) {
        struct job *job = PL_CONTAINER_OF(base, struct job, base);
        base = base->next;
        pl_free(job);
    }
}

static void set_text(struct pl_mail *mail, CURLoption option, struct pl_str text)
{
    if (text.len > 0) {
        char *text_cstr = pl_strdup_n(text.ptr, text.len);
        curl_easy_setopt(mail->curl, option, text_cstr); /* which it copies */
        pl_wipe(text_cstr, text.len);
        pl_free(text_cstr);
    }
}

static void set_up(struct pl_mail *mail, const struct pl_mail_config *config)
{
    int64_t connect_ms =
        config->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_MS : config->connect_timeout_ms;
    int64_t timeout_ms = config->timeout_ms == 0 ? TIMEOUT_MS : config->timeout_ms;
    CURL *curl = mail->curl;
    set_text(mail, CURLOPT_URL, config->url);
    set_text(mail, CURLOPT_USERNAME, config->user);
    set_text(mail, CURLOPT_PASSWORD, config->password);
    set_text(mail, CURLOPT_CAINFO, config->ca_file);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(config->requires_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->envelope_cstr);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, mail);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, mail);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, mail->error);
}

static int open_smtp(struct pl_mail *mail, const struct pl_mail_config *config,
                     struct pl_error *err)
{
    struct pl_pool_config pool = {.name = "parley-mail",
                                  .thread_count = 1,
                                  .waiting_max = mail->waiting_max,
                                  .batch_max = 1,
                                  .run = run_chain,
                                  .wake = on_wake,
                                  .user = mail};
    int rc = pl_mail_check_url(config->url, err);
    if (rc < 0) {
        return rc;
    }
    mail->from_cstr = pl_strdup_n(config->from.ptr, config->from.len);
    if (!pl_mailbox_read(&mail->from, pl_str_of_cstr(mail->from_cstr))) {
        return pl_mail_check_from(config->from, err);
    }
    mail->envelope_cstr = pl_strdup_n(mail->from.address.ptr, mail->from.address.len);
    mail->curl = curl_easy_init();
    if (mail->curl == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for sending mail");
    }
    set_up(mail, config);
    return pl_pool_create(&mail->pool, &pool, err);
}

int pl_mail_create(struct pl_mail **out, const struct pl_mail_config *config, struct pl_error *err)
{
    struct pl_mail *mail = pl_alloc(sizeof(*mail));
    mail->log = config->log;
    mail->waiting_max = config->waiting_max == 0 ? WAITING_MAX : config->waiting_max;
    pl_buf_init(&mail->upload, MAIL_BYTES_MAX * 4);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int rc = config->url.len == 0 ? 0 : open_smtp(mail, config, err);
    if (rc < 0) {
        pl_mail_destroy(mail);
        return rc;
    }
    *out = mail;
    return 0;
}

void pl_mail_destroy(struct pl_mail *mail)
{
    if (mail == NULL) {
        return;
    }
    mail->is_leaving = true;
    if (mail->pool != NULL) {
        uint32_t left = pl_pool_waiting(mail->pool);
        pl_pool_stop(mail->pool);
        free_done(mail);
        pl_pool_destroy(mail->pool);
        if (left > 0) {
            pl_log(mail->log, PL_LOG_WARN, "mail.dropped", "mails=%u reason=leaving",
                   (unsigned)left);
        }
    }
    curl_easy_cleanup(mail->curl);
    curl_global_cleanup();
    pl_buf_fini(&mail->upload);
    pl_free(mail->from_cstr);
    pl_free(mail->envelope_cstr);
    pl_free(mail);
}

/* What is not sent anywhere. Long enough for a code and what is said about it. */
static void log_instead(struct pl_mail *mail, struct pl_str to, struct pl_str subject,
                        struct pl_str text)
{
    char quoted_to[QUOTED_MAX];
    char quoted_subject[QUOTED_MAX];
    char quoted_text[QUOTED_TEXT_MAX];
    mail->logged_count++;
    pl_log(mail->log, PL_LOG_WARN, "mail.not_sent",
           "reason=\"no server: mail.smtp_url is empty\" to=%s subject=%s text=%s",
           pl_log_quote(quoted_to, sizeof(quoted_to), to),
           pl_log_quote(quoted_subject, sizeof(quoted_subject), subject),
           pl_log_quote(quoted_text, sizeof(quoted_text), text));
}

static struct pl_str put(char **space, struct pl_str text)
{
    char *start = *space;
    if (text.len > 0) {
        memcpy(start, text.ptr, text.len);
    }
    *space += text.len;
    return pl_str_make(start, text.len);
}

static struct job *make_job(struct pl_str to, struct pl_str subject, struct pl_str text)
{
    struct job *job = pl_alloc(sizeof(*job) + subject.len + text.len);
    char *space = job->space;
    memcpy(job->to_cstr, to.ptr, to.len); /* of a valid address: it fits */
    job->to = pl_str_make(job->to_cstr, to.len);
    job->subject = put(&space, subject);
    job->text = put(&space, text);
    return job;
}

int pl_mail_send(struct pl_mail *mail, struct pl_str to, struct pl_str subject, struct pl_str text)
{
    if (!pl_mail_address_is_valid(to) || subject.len + text.len > MAIL_BYTES_MAX) {
        return PL_E_INVALID;
    }
    if (mail->pool == NULL) {
        log_instead(mail, to, subject, text);
        return 0;
    }
    free_done(mail);
    struct job *job = make_job(to, subject, text);
    if (!pl_pool_submit(mail->pool, &job->base)) {
        pl_free(job);
        mail->refused_count++;
        pl_log(mail->log, PL_LOG_ERROR, "mail.refused", "reason=queue waiting=%u",
               (unsigned)pl_pool_waiting(mail->pool));
        return PL_E_FULL;
    }
    return 0;
}

void pl_mail_collect(const struct pl_mail *mail, struct pl_metrics *out)
{
    pl_metrics_add(out, PL_METRIC_MAIL_SENT, PL_COUNTER_GET(&mail->sent_count));
    pl_metrics_add(out, PL_METRIC_MAIL_FAILED, PL_COUNTER_GET(&mail->failed_count));
    pl_metrics_add(out, PL_METRIC_MAIL_LOGGED, mail->logged_count);
    pl_metrics_add(out, PL_METRIC_MAIL_REFUSED, mail->refused_count);
    if (mail->pool != NULL) {
        pl_metrics_add(out, PL_METRIC_MAIL_WAITING, pl_pool_waiting(mail->pool));
    }
}
