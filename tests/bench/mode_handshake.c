/* TLS handshakes, one after the other on sockets that block: each counts when both sides are done
 * with it. Resumed ones use the ticket of a connection before, on which a request was answered,
 * since TLS 1.3 sends it behind the handshake. */
#include "mode.h"

#include "proc.h"
#include "report.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

struct handshakes {
    const struct pl_load_options *options;
    SSL_CTX *ctx;
    SSL_SESSION *session; /* owned; NULL for full handshakes */
    uint64_t count;
    uint64_t resumed_count;
};

static int connect_socket(const struct sockaddr_in *server, struct pl_error *err)
{
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return pl_error_set(err, PL_E_IO, "connect: %s", strerror(error));
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

/* By a reset, so that no port is left in TIME_WAIT. */
static void close_socket(int fd)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

/* A request and its answer; the ticket comes with that. */
static SSL_SESSION *fetch_session(SSL *ssl)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    char answer[1024];
    if (SSL_write(ssl, request, sizeof(request) - 1) <= 0 ||
        SSL_read(ssl, answer, sizeof(answer)) <= 0) {
        return NULL;
    }
    return SSL_get1_session(ssl);
}

/* One handshake. Returns 0 or an error. */
static int shake_once(struct handshakes *run, SSL_SESSION **session, struct pl_error *err)
{
    int rc = 0;
    int fd = connect_socket(&run->options->way.server, err);
    SSL *ssl = fd < 0 ? NULL : SSL_new(run->ctx);
    if (fd < 0) {
        return fd;
    }
    SSL_set_fd(ssl, fd);
    if (run->session != NULL) {
        SSL_set_session(ssl, run->session);
    }
    if (SSL_connect(ssl) != 1) {
        rc = pl_error_set(err, PL_E_IO, "handshake: %s",
                          ERR_reason_error_string(ERR_peek_last_error()));
    } else if (session != NULL) {
        *session = fetch_session(ssl);
        rc = *session != NULL ? 0 : pl_error_set(err, PL_E_IO, "no answer over TLS");
    }
    run->count++;
    run->resumed_count += SSL_session_reused(ssl) == 1;
    ERR_clear_error();
    SSL_set_quiet_shutdown(ssl, 1); /* else OpenSSL takes the session for a bad one */
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close_socket(fd);
    return rc;
}

static int run_for(struct handshakes *run, int64_t duration_ms, struct pl_error *err)
{
    int64_t end_ns = pl_proc_now_ns() + duration_ms * 1000000;
    int rc = 0;
    run->count = 0;
    run->resumed_count = 0;
    while (rc == 0 && pl_proc_now_ns() < end_ns) {
        rc = shake_once(run, NULL, err);
    }
    if (rc == 0 && run->resumed_count != (run->session == NULL ? 0 : run->count)) {
        rc = pl_error_set(err, PL_E_STATE, "%llu of %llu handshakes were resumed",
                          (unsigned long long)run->resumed_count, (unsigned long long)run->count);
    }
    return rc;
}

static int measure(struct handshakes *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->options;
    int rc = run_for(run, options->warmup_ms, err);
    int64_t from_ns = pl_proc_now_ns();
    int64_t from_cpu_ns = pl_proc_cpu_ns(options->server_pid);
    if (rc == 0) {
        rc = run_for(run, options->duration_ms, err);
    }
    if (rc == 0) {
        struct pl_report out;
        double count = (double)run->count;
        double cpu_ns = (double)(pl_proc_cpu_ns(options->server_pid) - from_cpu_ns);
        pl_report_init(&out, "handshake", options->is_tls12 ? "tls1.2" : "tls1.3");
        pl_report_words(&out, "kind", options->resumes ? "resumed" : "full");
        pl_report_real(&out, "handshakes_per_s",
                       count * 1e9 / (double)(pl_proc_now_ns() - from_ns));
        pl_report_real(&out, "server_us_per_handshake", cpu_ns / 1e3 / count);
        pl_report_fini(&out);
    }
    return rc;
}

int pl_mode_handshake(const struct pl_load_options *options, struct pl_error *err)
{
    struct handshakes run = {.options = options, .ctx = SSL_CTX_new(TLS_client_method())};
    int version = options->is_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    int rc = 0;
    if (!options->way.is_secure) {
        rc = pl_error_set(err, PL_E_INVALID, "this mode wants an https address");
    } else if (run.ctx == NULL || SSL_CTX_set_min_proto_version(run.ctx, version) != 1 ||
               SSL_CTX_set_max_proto_version(run.ctx, version) != 1) {
        rc = pl_error_set(err, PL_E_IO, "no TLS");
    }
    if (rc == 0 && options->resumes) {
        SSL_SESSION *session = NULL;
        rc = shake_once(&run, &session, err);
        run.session = session;
    }
    if (rc == 0) {
        rc = measure(&run, err);
    }
    SSL_SESSION_free(run.session);
    SSL_CTX_free(run.ctx);
    return rc;
}
