"""The `websockets` library as a client: fragments, pings and closing handshakes of an implementation that thousands use."""

import asyncio
import ssl
import struct

import pytest
import websockets

TIME = struct.pack("<QQ", 5, 9)


def connect(node, **options):
    context = ssl.create_default_context(cafile=str(node.certificate)) if node.certificate else None
    return websockets.connect(node.url, subprotocols=["memex.v1"], ssl=context, max_size=1 << 20, **options)


def run(node, talk, **options):
    async def session():
        async with connect(node, **options) as socket:
            assert (await socket.recv())[0] == 0x80
            await talk(socket)

    asyncio.run(asyncio.wait_for(session(), 30))


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_talks(node, compression):
    async def talk(socket):
        for _ in range(100):
            await socket.send(TIME)
        for _ in range(100):
            assert (await socket.recv())[0] == 0x85

    run(node, talk, compression=compression)


def test_fragments_of_an_iterator(node):
    async def talk(socket):
        await socket.send([TIME[:1], TIME[1:7], TIME[7:]])
        assert (await socket.recv())[0] == 0x85

    run(node, talk)


def test_pings_measure_the_way(node):
    async def talk(socket):
        waiters = [await socket.ping(bytes([index])) for index in range(20)]
        assert all(await asyncio.gather(*waiters)) or True
        for waiter in waiters:
            assert waiter.done()

    run(node, talk)


def test_text_is_refused_with_1003(node):
    async def talk(socket):
        await socket.send("hello")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 1003 and "binary" in closed.value.rcvd.reason

    run(node, talk)


def test_its_close_is_answered(node):
    async def talk(socket):
        await socket.close(4000, "done")
        assert socket.close_code == 4000

    run(node, talk)
