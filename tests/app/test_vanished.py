"""Peers that go away without a word, or with one: the service notices and counts them out."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from app.wire import bound_peer_loss
from tests.app.peers import RawSocket, Transport, WebSocketPeer, both_transports, subscribed
from tests.app.serving import Served

TCP_REPAIR = 19  # include/uapi/linux/tcp.h; closing a socket in repair mode sends nothing


@both_transports
def test_orderly_close(served: Served, channel: str, transport: Transport) -> None:
    """FIN: the subscriber is gone, because its peer left."""
    with RawSocket(served, transport, channel):
        pass
    assert served.wait_gone(channel)[0]["because"] == "peer left"


@both_transports
def test_reset(served: Served, channel: str, transport: Transport) -> None:
    """RST: the same."""
    with RawSocket(served, transport, channel) as raw:
        raw.reset()
    assert served.wait_gone(channel)[0]["because"] == "peer left"


@pytest.mark.skipif(sys.platform != "linux", reason="needs TCP_REPAIR to vanish without FIN or RST")
@both_transports
def test_half_open_is_noticed_by_writing(served: Served, channel: str, transport: Transport) -> None:
    """A peer that vanished without FIN or RST is noticed when the next heartbeat is written to it."""
    served.control(channel, "tune", {"heartbeat_ms": 50})
    with RawSocket(served, transport, channel) as raw:
        try:
            raw.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            pytest.skip("needs CAP_NET_ADMIN to vanish without FIN or RST")
        raw.socket.close()
        assert served.wait_gone(channel)[0]["because"] == "peer left"


def test_close_frame_is_noted_with_its_code(served: Served, channel: str) -> None:
    """A WebSocket that says goodbye is gone with the code it gave."""
    with subscribed(served, "websocket", channel) as reading:
        assert isinstance(reading.peer, WebSocketPeer)
        reading.peer.socket.close(4321)
    assert served.wait_gone(channel)[0] | {"at": 0, "subscriber": 0} == {
        "at": 0,
        "kind": "gone",
        "channel": channel,
        "subscriber": 0,
        "because": "peer left",
        "code": 4321,
    }


@both_transports
def test_many_come_and_go(served: Served, channel: str, transport: Transport) -> None:
    """After fifty have come and gone in a bunch, some rudely, nobody is left."""
    with contextlib.ExitStack() as stack:
        raws = [stack.enter_context(RawSocket(served, transport, channel)) for _ in range(50)]
        assert served.statistics(channel)["subscribers"] == 50
        for raw in raws[::2]:
            raw.reset()
    served.wait_gone(channel, count=50)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no TCP_USER_TIMEOUT")
def test_kernel_gives_up_unacknowledged_peers() -> None:
    """Accepted connections inherit the limit set on the listening socket; None leaves the system's own."""
    for timeout_ms, inherited in ((30_000, 30_000), (None, 0)):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            bound_peer_loss(listener, timeout_ms)
            with socket.create_connection(listener.getsockname()):
                accepted, _ = listener.accept()
                with accepted:
                    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == inherited
