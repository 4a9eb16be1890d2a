"""The listener: whoever connects is served or refused, whenever it stops listening."""

from __future__ import annotations

import asyncio
import socket

import pytest

from wirematrix.listener import Listener

HOST = "127.0.0.1"
TURNS = range(8)  # of the loop: accepting takes some, and each is tried


class Greets(asyncio.Protocol):
    """Says one word and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


@pytest.mark.anyio
@pytest.mark.parametrize("turns", TURNS)
async def test_nobody_is_forgotten_when_it_shuts(turns: int) -> None:
    """However far a connection has come when the listener shuts: it is served, or reset; it never waits for nothing.

    asyncio's own server forgets the one that it accepted in the turn before (python/cpython#109564).
    """
    listener = await Listener.open(HOST, Greets)
    with socket.create_connection((HOST, listener.port)) as peer:
        peer.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        listener.shut()
        async with asyncio.timeout(5):
            try:
                heard = await asyncio.get_running_loop().sock_recv(peer, 16)
            except ConnectionResetError:
                heard = b"reset"
    listener.close()
    assert heard in (b"hello", b"reset")


@pytest.mark.anyio
async def test_listens_again() -> None:
    """Shut and open again it serves on the same port; in between nobody listens there."""
    listener = await Listener.open(HOST, Greets)
    listener.shut()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, listener.port)
    await listener.reopen()
    reader, writer = await asyncio.open_connection(HOST, listener.port)
    assert await reader.read() == b"hello"
    writer.close()
    await writer.wait_closed()
    listener.close()
