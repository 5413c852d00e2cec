/* Socket.IO packets to text. */
#include "codec/sio_write.h"

#include "codec/json_write.h"
#include "codec/sio_packet.h"

/* type [attachments "-"] [namespace ","] */
static void write_head(struct pl_buf *buf, enum pl_sio_type type, uint32_t attachment_count,
                       struct pl_str nsp)
{
    pl_buf_add_char(buf, (char)('0' + (int)type));
    if (attachment_count > 0) {
        pl_buf_add_u64(buf, attachment_count);
        pl_buf_add_char(buf, '-');
    }
    if (nsp.len > 0 && !pl_str_eq(nsp, PL_STR("/"))) {
        pl_buf_add_str(buf, nsp);
        pl_buf_add_char(buf, ',');
    }
}

void pl_sio_write_connect(struct pl_buf *buf, struct pl_str nsp, struct pl_str sid,
                          struct pl_str pid)
{
    write_head(buf, PL_SIO_CONNECT, 0, nsp);
    pl_buf_add_str(buf, PL_STR("{\"sid\":"));
    pl_json_write_string(buf, sid);
    if (pid.len > 0) {
        pl_buf_add_str(buf, PL_STR(",\"pid\":"));
        pl_json_write_string(buf, pid);
    }
    pl_buf_add_char(buf, '}');
}

void pl_sio_write_connect_request(struct pl_buf *buf, struct pl_str nsp, struct pl_str raw_auth)
{
    write_head(buf, PL_SIO_CONNECT, 0, nsp);
    pl_buf_add_str(buf, raw_auth);
}

void pl_sio_write_connect_error(struct pl_buf *buf, struct pl_str nsp, struct pl_str message,
                                struct pl_str raw_data)
{
    write_head(buf, PL_SIO_CONNECT_ERROR, 0, nsp);
    pl_buf_add_str(buf, PL_STR("{\"message\":"));
    pl_json_write_string(buf, message);
    if (raw_data.len > 0) {
        pl_buf_add_str(buf, PL_STR(",\"data\":"));
        pl_buf_add_str(buf, raw_data);
    }
    pl_buf_add_char(buf, '}');
}

void pl_sio_write_error(struct pl_buf *buf, struct pl_str nsp, struct pl_str message,
                        struct pl_str raw_data)
{
    write_head(buf, PL_SIO_CONNECT_ERROR, 0, nsp);
    if (raw_data.len > 0) {
        pl_buf_add_str(buf, raw_data);
    } else {
        pl_json_write_string(buf, message);
    }
}

void pl_sio_write_disconnect(struct pl_buf *buf, struct pl_str nsp)
{
    write_head(buf, PL_SIO_DISCONNECT, 0, nsp);
}

void pl_sio_write_event(struct pl_buf *buf, const struct pl_sio_event *event)
{
    bool is_binary = event->attachment_count > 0;
    write_head(buf, is_binary ? PL_SIO_BINARY_EVENT : PL_SIO_EVENT, event->attachment_count,
               event->nsp);
    if (event->has_id) {
        pl_buf_add_u64(buf, event->id);
    }
    pl_buf_add_char(buf, '[');
    if (event->raw_name.len > 0) {
        pl_buf_add_str(buf, event->raw_name);
    } else {
        pl_json_write_string(buf, event->name);
    }
    if (event->raw_args.len > 0) {
        pl_buf_add_char(buf, ',');
        pl_buf_add_str(buf, event->raw_args);
    }
    if (event->offset.len > 0) {
        pl_buf_add_char(buf, ',');
        pl_json_write_string(buf, event->offset);
    }
    pl_buf_add_char(buf, ']');
}

void pl_sio_write_ack(struct pl_buf *buf, struct pl_str nsp, uint64_t id, struct pl_str raw_args,
                      uint32_t attachment_count)
{
    bool is_binary = attachment_count > 0;
    write_head(buf, is_binary ? PL_SIO_BINARY_ACK : PL_SIO_ACK, attachment_count, nsp);
    pl_buf_add_u64(buf, id);
    pl_buf_add_char(buf, '[');
    pl_buf_add_str(buf, raw_args);
    pl_buf_add_char(buf, ']');
}
