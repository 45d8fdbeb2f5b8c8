#pragma once
#include <stdint.h>

/// Serves WebSocket echo on 127.0.0.1 with wslay on libuv and nothing else, until the process is killed: the yardstick of `memex-load echo`.
/// Calls `ready` with the port (`port` itself, or one that the system chose if that is 0). Returns only on an error, with libuv's code.
int echo_serve(uint16_t port, void (*ready)(uint16_t port));
