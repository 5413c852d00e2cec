/* Any bytes as the settings file: it is loaded or refused with a reason, and what was loaded says
 * the same when its values are given back one by one. */
#include "fuzz.h"

#include "app/settings.h"
#include "app/settings_table.h"

static void check_values_read_back(const struct pl_settings *settings)
{
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        struct pl_setting_pair pair = {.name = pl_str_of_cstr(pl_setting_rows[i].name),
                                       .origin = PL_STR("--set")};
        struct pl_settings_sources src = {.pairs = &pair, .pair_count = 1};
        struct pl_settings again;
        const char *text = pl_settings_text(settings, pair.name);
        PL_ASSERT((text == NULL) == pl_setting_rows[i].is_secret);
        if (text == NULL) {
            continue; /* told to nobody */
        }
        pair.value = pl_str_of_cstr(text);
        PL_ASSERT(pl_settings_load(&again, &src, NULL) == 0);
        PL_ASSERT(strcmp(pl_settings_text(&again, pair.name), text) == 0);
        pl_settings_fini(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_settings settings;
    struct pl_error err = {0};
    struct pl_settings_sources src = {.config_text =
                                          pl_str_make(size == 0 ? "" : (const char *)data, size)};
    if (pl_settings_load(&settings, &src, &err) == 0) {
        check_values_read_back(&settings);
    } else {
        PL_ASSERT(err.code < 0 && err.text[0] != '\0');
    }
    pl_settings_fini(&settings);
    return 0;
}
