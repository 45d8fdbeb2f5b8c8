// A WebSocket echo server as one would write it in C with wslay and libuv: libuv reads into one shared buffer, wslay takes frames from there and
// puts the answers into a buffer of the connection, and one write sends all that a read has caused. No TLS, no limits, no time-outs.
#define _GNU_SOURCE
#include "echo.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <wslay/wslay.h>

enum { READ_BYTES = 64 << 10, HEAD_BYTES = 4 << 10 };

struct peer {
    uv_tcp_t tcp;
    wslay_event_context_ptr events;
    // Request head, while there is no WebSocket yet.
    char head[HEAD_BYTES + 1];
    size_t head_bytes;
    // What libuv has read and wslay has not.
    const uint8_t *unread;
    size_t unread_bytes;
    // What is to be sent next.
    char *output;
    size_t filled, capacity;
    // What the socket did not take at once; NULL when nothing is under way.
    char *late;
    uv_write_t write;
};

static char read_buffer[READ_BYTES];
static uv_tcp_t listener;

static void append(struct peer *peer, const void *bytes, size_t count) {
    if (peer->filled + count > peer->capacity) {
        peer->capacity = (peer->filled + count) * 2;
        peer->output = realloc(peer->output, peer->capacity);
        if (!peer->output) abort();
    }
    memcpy(peer->output + peer->filled, bytes, count);
    peer->filled += count;
}

static ssize_t take(wslay_event_context_ptr context, uint8_t *buffer, size_t count, int flags, void *user) {
    struct peer *peer = user;
    (void)flags;
    if (peer->unread_bytes == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (count > peer->unread_bytes) count = peer->unread_bytes;
    memcpy(buffer, peer->unread, count);
    peer->unread += count;
    peer->unread_bytes -= count;
    return (ssize_t)count;
}

static ssize_t give(wslay_event_context_ptr context, const uint8_t *bytes, size_t count, int flags, void *user) {
    (void)context, (void)flags;
    append(user, bytes, count);
    return (ssize_t)count;
}

static void received(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *user) {
    (void)user;
    if (wslay_is_ctrl_frame(message->opcode)) return;
    struct wslay_event_msg answer = {message->opcode, message->msg, message->msg_length};
    wslay_event_queue_msg(context, &answer);
}

static void closed(uv_handle_t *handle) {
    struct peer *peer = handle->data;
    if (peer->events) wslay_event_context_free(peer->events);
    free(peer->output);
    free(peer->late);
    free(peer);
}

static void drop(struct peer *peer) {
    if (!uv_is_closing((uv_handle_t *)&peer->tcp)) uv_close((uv_handle_t *)&peer->tcp, closed);
}

static void send_rest(struct peer *peer);

static void written(uv_write_t *request, int status) {
    struct peer *peer = request->handle->data;
    free(peer->late);
    peer->late = NULL;
    if (status < 0) return drop(peer);
    send_rest(peer);
}

static void send_rest(struct peer *peer) {
    if (peer->late || peer->filled == 0) return;
    uv_stream_t *stream = (uv_stream_t *)&peer->tcp;
    uv_buf_t buffer = uv_buf_init(peer->output, (unsigned)peer->filled);
    int count = uv_try_write(stream, &buffer, 1);
    if (count < 0 && count != UV_EAGAIN) return drop(peer);
    if (count < 0) count = 0;
    if ((size_t)count < peer->filled) {
        buffer = uv_buf_init(peer->output + count, (unsigned)(peer->filled - (size_t)count));
        peer->late = peer->output;
        peer->output = NULL;
        peer->capacity = 0;
        if (uv_write(&peer->write, stream, &buffer, 1, written) < 0) drop(peer);
    }
    peer->filled = 0;
}

static const char *find_key(const char *head) {
    const char *field = strcasestr(head, "\r\nSec-WebSocket-Key:");
    if (!field) return NULL;
    field += strlen("\r\nSec-WebSocket-Key:");
    while (*field == ' ') field++;
    return field;
}

// Answers the upgrade once its head is there. Whatever a client may get wrong in it is not this program's business.
static void open_socket(struct peer *peer, const char *bytes, size_t count) {
    if (peer->head_bytes + count > HEAD_BYTES) return drop(peer);
    memcpy(peer->head + peer->head_bytes, bytes, count);
    peer->head_bytes += count;
    peer->head[peer->head_bytes] = 0;
    if (!strstr(peer->head, "\r\n\r\n")) return;
    const char *key = find_key(peer->head);
    if (!key || strlen(key) < 24) return drop(peer);

    unsigned char text[24 + 36], digest[SHA_DIGEST_LENGTH], accept[32];
    memcpy(text, key, 24);
    memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    SHA1(text, sizeof text, digest);
    int accept_bytes = EVP_EncodeBlock(accept, digest, sizeof digest);
    static const char start[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Protocol: memex.v1\r\nSec-WebSocket-Accept: ";
    append(peer, start, sizeof start - 1);
    append(peer, accept, (size_t)accept_bytes);
    append(peer, "\r\n\r\n", 4);
    struct wslay_event_callbacks callbacks = {.recv_callback = take, .send_callback = give, .on_msg_recv_callback = received};
    if (wslay_event_context_server_init(&peer->events, &callbacks, peer) != 0) abort();
    send_rest(peer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct peer *peer = stream->data;
    if (count < 0) return drop(peer);
    if (!peer->events) return open_socket(peer, buffer->base, (size_t)count);
    peer->unread = (const uint8_t *)buffer->base;
    peer->unread_bytes = (size_t)count;
    if (wslay_event_recv(peer->events) != 0 || wslay_event_send(peer->events) != 0) return drop(peer);
    send_rest(peer);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(read_buffer, READ_BYTES);
}

static void on_connection(uv_stream_t *server, int status) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (status < 0 || !peer || uv_tcp_init(server->loop, &peer->tcp) != 0) abort();
    peer->tcp.data = peer;
    if (uv_accept(server, (uv_stream_t *)&peer->tcp) != 0) return drop(peer);
    uv_tcp_nodelay(&peer->tcp, 1);
    uv_read_start((uv_stream_t *)&peer->tcp, lend_buffer, on_read);
}

int echo_serve(uint16_t port, void (*ready)(uint16_t)) {
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in address;
    int length = sizeof address, error;
    if ((error = uv_ip4_addr("127.0.0.1", port, &address)) < 0 || (error = uv_tcp_init(loop, &listener)) < 0
        || (error = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0)) < 0
        || (error = uv_listen((uv_stream_t *)&listener, 128, on_connection)) < 0
        || (error = uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length)) < 0)
        return error;
    ready(ntohs(address.sin_port));
    return uv_run(loop, UV_RUN_DEFAULT);
}
