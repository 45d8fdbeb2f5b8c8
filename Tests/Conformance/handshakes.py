"""RFC 6455, section 4, from a server's side: requests and the status that must answer them."""

import dataclasses

from peer import request

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The key of RFC 6455, 1.3, and what must be made of it."""
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HOST = "localhost"


@dataclasses.dataclass(frozen=True)
class Handshake:
    section: str
    name: str
    send: bytes
    status: int
    fields: tuple = ()
    """Fields of the response that must be there, with their values in lower case."""

    def __str__(self):
        return f"{self.section} {self.name}".replace(" ", "-")


def handshakes():
    def case(name, status, section="4.2.1", drop=(), fields=(), **changes):
        return Handshake(section, name, request(HOST, key=KEY, drop=drop, **changes), status, fields)

    def raw(name, status, text):
        return Handshake("4.1", name, text.encode("latin-1"), status)

    good = request(HOST, key=KEY).decode()
    accepted = (("sec-websocket-accept", ACCEPT.lower()), ("sec-websocket-protocol", "memex.v1"), ("upgrade", "websocket"), ("connection", "upgrade"))
    yield case("the key of section 1.3", 101, section="4.2.2", fields=accepted)
    yield case("upgrade in capitals", 101, Upgrade="WebSocket")
    yield case("connection with more tokens", 101, Connection="keep-alive, Upgrade")
    yield case("connection in lower case", 101, Connection="upgrade")
    yield case("several subprotocols", 101, section="4.2.2", Sec_WebSocket_Protocol="chat, memex.v1, other")
    yield case("an origin", 101, Origin="https://example.org")
    yield case("an extension that is not taken up", 101, section="9.1", Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    yield case("fields that nobody knows", 101, X_Unknown="yes", User_Agent="conformance")
    yield case("no host", 400, drop=("Host",))
    yield case("no upgrade field", 426, drop=("Upgrade",))
    yield case("upgrade to something else", 426, Upgrade="h2c")
    yield case("no connection field", 426, drop=("Connection",))
    yield case("connection without upgrade", 426, Connection="keep-alive")
    yield case("no version", 426, section="4.4", drop=("Sec-WebSocket-Version",), fields=(("sec-websocket-version", "13"),))
    yield case("version 8", 426, section="4.4", Sec_WebSocket_Version="8", fields=(("sec-websocket-version", "13"),))
    yield case("no key", 400, drop=("Sec-WebSocket-Key",))
    yield case("a key of 15 bytes", 400, Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAA")
    yield case("a key that is not base64", 400, Sec_WebSocket_Key="!!!!!!!!!!!!!!!!!!!!!!==")
    yield case("no subprotocol", 400, drop=("Sec-WebSocket-Protocol",))
    yield case("another subprotocol", 400, Sec_WebSocket_Protocol="memex.v2")
    yield case("a body announced", 400, Content_Length="5")
    yield raw("another path", 404, good.replace("GET / ", "GET /chat "))
    yield raw("POST", 405, good.replace("GET / ", "POST / "))
    yield raw("HTTP/1.0", 400, good.replace("HTTP/1.1", "HTTP/1.0"))
    yield raw("no HTTP", 400, "hello\r\n\r\n")
    yield raw("two keys", 400, good.replace("\r\n\r\n", f"\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"))
    yield raw("two hosts", 400, good.replace("\r\n\r\n", "\r\nHost: other\r\n\r\n"))
    yield raw("a field folded over two lines", 400, good.replace("Host: ", "X-A: b\r\n c\r\nHost: "))
    yield raw("a blank before the colon", 400, good.replace("Host:", "Host :"))
    yield raw("a head above 8 KiB", 431, good.replace("\r\n\r\n", "\r\nX-Long: " + "x" * 8300 + "\r\n\r\n"))
    yield raw("seventy fields", 431, good.replace("\r\n\r\n", "".join(f"\r\nX-{index}: 1" for index in range(70)) + "\r\n\r\n"))
