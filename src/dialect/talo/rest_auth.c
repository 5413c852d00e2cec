/* The endpoints of player authentication (spec talo, 3.9), one row each. */
#include "dialect/talo/auth_internal.h"
#include "dialect/talo/rest_routes.h"

#define SCOPES (PL_TALO_READ_PLAYERS | PL_TALO_WRITE_PLAYERS)
#define APS (PL_TALO_NEEDS_ALIAS | PL_TALO_NEEDS_PLAYER | PL_TALO_NEEDS_SESSION)

#define POST(path_, flags_, fields_, handler_)                                                     \
    {                                                                                              \
        .method = PL_HTTP_POST, .pattern = "/v1/players/auth/" path_, .scopes = SCOPES,            \
        .flags = flags_, .body = fields_, .handler = handler_                                      \
    }

const struct pl_talo_route pl_talo_auth_routes[] = {
    {.method = PL_HTTP_POST,
     .pattern = "/v1/players/auth/register",
     .scopes = SCOPES,
     .body = pl_talo_auth_register_fields,
     .check_body = pl_talo_auth_check_register,
     .handler = pl_talo_auth_register},
    POST("login", 0, pl_talo_auth_login_fields, pl_talo_auth_login),
    POST("verify", 0, pl_talo_auth_verify_fields, pl_talo_auth_verify_code),
    POST("refresh", PL_TALO_SKIPS_SESSION, pl_talo_auth_refresh_fields, pl_talo_auth_refresh),
    POST("logout", APS, NULL, pl_talo_auth_logout),
    POST("change_password", APS, pl_talo_auth_password_fields, pl_talo_auth_change_password),
    POST("change_email", APS, pl_talo_auth_email_fields, pl_talo_auth_change_email),
    POST("change_identifier", APS, pl_talo_auth_identifier_fields, pl_talo_auth_change_identifier),
    {.method = PL_HTTP_PATCH,
     .pattern = "/v1/players/auth/toggle_verification",
     .scopes = SCOPES,
     .flags = APS,
     .body = pl_talo_auth_verification_fields,
     .handler = pl_talo_auth_toggle_verification},
    {.method = PL_HTTP_DELETE,
     .pattern = "/v1/players/auth",
     .scopes = SCOPES,
     .flags = APS,
     .body = pl_talo_auth_delete_fields,
     .handler = pl_talo_auth_delete},
    POST("migrate", APS, pl_talo_auth_migrate_fields, pl_talo_auth_migrate),
    POST("forgot_password", 0, pl_talo_auth_forgot_fields, pl_talo_auth_forgot_password),
    POST("reset_password", 0, pl_talo_auth_reset_fields, pl_talo_auth_reset_password),
    {0},
};
