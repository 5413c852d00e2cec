/* The service behind the endpoints, and the mails that it sends. */
#include "dialect/talo/auth_service.h"

#include "base/alloc.h"
#include "dialect/talo/auth_internal.h"

#define MAIL_TEXT_MAX 8192

struct pl_talo_auth_service *pl_talo_auth_service_create(const struct pl_talo_auth_config *config)
{
    struct pl_talo_auth_service *service = pl_alloc(sizeof(*service));
    uint8_t hash_key[16];
    service->config = *config;
    pl_hub_random(config->hub, hash_key, sizeof(hash_key));
    pl_talo_codes_init(&service->login_codes, PL_TALO_CODE_LOGIN, hash_key);
    pl_talo_codes_init(&service->reset_codes, PL_TALO_CODE_RESET, hash_key);
    service->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return service;
}

void pl_talo_auth_service_destroy(struct pl_talo_auth_service *service)
{
    if (service == NULL) {
        return;
    }
    pl_talo_codes_fini(&service->login_codes);
    pl_talo_codes_fini(&service->reset_codes);
    if (service->locale != (locale_t)0) {
        freelocale(service->locale);
    }
    pl_free(service);
}

void pl_talo_auth_service_set_cost(struct pl_talo_auth_service *service, uint32_t bcrypt_cost)
{
    service->config.bcrypt_cost = bcrypt_cost;
}

/* --- mails --- */

struct letter {
    const char *subject; /* behind the game's name */
    const char *before;  /* the code */
    const char *behind;
};

static const struct letter login_letter = {
    .subject = "your verification code",
    .before = "Your verification code is:\n\n    ",
    .behind = "\n\nIt is valid for 5 minutes.\n\n"
              "If you are not logging in right now, somebody else has your password: change it.\n",
};

static const struct letter reset_letter = {
    .subject = "reset your password",
    .before = "Your code for a new password is:\n\n    ",
    .behind = "\n\nIt is valid for 15 minutes.\n\n"
              "If you did not ask for it, do nothing: your password stays as it is.\n",
};

static void send_letter(struct pl_talo_request *request, const struct letter *letter,
                        const char *code, struct pl_str email)
{
    struct pl_talo_auth_service *service = pl_talo_rest_auth(request->rest);
    const struct pl_talo_game *game = pl_talo_find_game(request->talo, request->game_id);
    struct pl_str name = game == NULL ? PL_STR("") : game->name;
    struct pl_buf subject;
    struct pl_buf text;
    pl_buf_init(&subject, MAIL_TEXT_MAX);
    pl_buf_init(&text, MAIL_TEXT_MAX);
    pl_buf_addf(&subject, PL_STR_FMT ": %s", PL_STR_ARG(name), letter->subject);
    pl_buf_addf(&text, "%s%s%s", letter->before, code, letter->behind);
    if (pl_mail_send(service->config.mail, email, pl_buf_str(&subject), pl_buf_str(&text)) ==
        PL_E_INVALID) {
        pl_log(service->config.log, PL_LOG_WARN, "talo.mail_refused", "reason=address");
    }
    pl_wipe(text.ptr, text.len);
    pl_buf_fini(&subject);
    pl_buf_fini(&text);
}

static const struct pl_talo_code *issue(struct pl_talo_request *request,
                                        struct pl_talo_codes *codes,
                                        const struct pl_talo_auth_record *record)
{
    uint64_t random = 0;
    struct pl_talo_auth_service *service = pl_talo_rest_auth(request->rest);
    pl_hub_random(service->config.hub, &random, sizeof(random));
    return pl_talo_codes_issue(codes, request->game_id, record->alias_id, record->password_hash,
                               pl_talo_now_ms(request->talo), random);
}

void pl_talo_auth_send_login_code(struct pl_talo_request *request,
                                  const struct pl_talo_auth_record *record)
{
    struct pl_talo_codes *codes = &pl_talo_rest_auth(request->rest)->login_codes;
    send_letter(request, &login_letter, issue(request, codes, record)->text, record->email);
}

void pl_talo_auth_send_reset_code(struct pl_talo_request *request,
                                  const struct pl_talo_auth_record *record)
{
    struct pl_talo_codes *codes = &pl_talo_rest_auth(request->rest)->reset_codes;
    send_letter(request, &reset_letter, issue(request, codes, record)->text, record->email);
}
