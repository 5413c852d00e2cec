// What tests/arch/check_install.py builds against the installed client library: C++17, RAII around the C, one
// exchange with examples/echo.
#include "parley/client_socketio.h"

#include <iostream>
#include <memory>
#include <string>

namespace
{
struct Visit {
    std::string heard;
    bool is_over = false;
};

void on_message_back(parley_sio *sio, const char *, const parley_args *args, parley_sio_ack *,
                     void *user)
{
    const char *text = parley_val_str(parley_args_get(args, 0), nullptr);
    static_cast<Visit *>(user)->heard = text != nullptr ? text : "";
    parley_sio_disconnect(sio);
}

void on_event(parley_sio *sio, const parley_client_event *event, void *user)
{
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        parley_sio_emitf(sio, "message", "%s", "hello");
    } else if (event->kind != PARLEY_CLIENT_RECONNECTING) {
        std::cout << event->reason << '\n';
        static_cast<Visit *>(user)->is_over = true;
    }
}
} // namespace

int main(int, char **argv)
{
    Visit visit;
    parley_client *made = nullptr;
    if (parley_client_create(&made) < 0) {
        return 1;
    }
    std::unique_ptr<parley_client, decltype(&parley_client_destroy)> client(made,
                                                                            parley_client_destroy);
    parley_sio *sio = nullptr;
    parley_sio_config config;
    parley_sio_config_init(&config);
    config.on_event = on_event;
    config.user = &visit;
    if (parley_sio_create(&sio, client.get(), argv[1], &config) < 0 ||
        parley_sio_on(sio, "message-back", on_message_back, &visit) < 0 ||
        parley_sio_connect(sio) < 0) {
        std::cerr << parley_client_error(client.get()) << '\n';
        return 1;
    }
    while (!visit.is_over) {
        parley_client_wait(client.get(), -1);
        parley_client_tick(client.get(), 0);
    }
    std::cout << visit.heard << '\n';
    return visit.heard == "hello" ? 0 : 1;
}
