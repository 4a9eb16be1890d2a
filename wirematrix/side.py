"""Side: one end of a link, the proxy's socket towards the page or towards the server.

How a side ends:
    reset()    SO_LINGER(1, 0), then abort: a real RST; asyncio's abort() alone would look like a FIN
    fin()      FIN behind what was written; reading goes on (half-close)
    finish()   FIN, then read on and discard until the peer's own end: closing a socket that holds unread
               bytes makes the kernel send a RST, which would destroy what the peer has not read yet
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from typing import Literal, Protocol, cast

from wirematrix import budgets
from wirematrix.sockets import kernel_unsent, reset

SideName = Literal["page", "server"]


class End(StrEnum):
    """How a side, or one direction, ended."""

    FIN = "fin"
    RESET = "reset"


class Outlet(Protocol):
    """Where a side's bytes go and what may hold them up: a flow."""

    def receive(self, piece: bytes | End) -> None:
        """Take what was read."""

    def settle(self) -> None:
        """Something changed: look again at what may be read and given."""


class SideOwner(Protocol):
    """What a side tells its link."""

    def made(self, side: Side) -> None:
        """The side is connected."""

    def heard_end(self, side: Side, how: End) -> None:
        """The peer ended its direction, or the whole connection."""

    def discarding(self, side: Side, unsent: int) -> None:
        """The side is about to be reset, and that many of the last bytes written to it will never be sent."""


class Side(asyncio.Protocol):
    """One socket of a link. `out` carries its bytes to the other side, `into` brings that one's bytes."""

    out: Outlet
    into: Outlet

    def __init__(self, name: SideName, owner: SideOwner) -> None:
        self.name: SideName = name
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._reads = False  # asyncio has its reader in place
        self._heard_fin = False
        self._said_fin = False
        self._finishing: asyncio.TimerHandle | None = None
        self._full = False  # the peer does not take what we write

    @property
    def connected(self) -> bool:
        """Whether bytes can still be written to the peer."""
        return self._transport is not None and not self._said_fin and not self._transport.is_closing()

    @property
    def writable(self) -> bool:
        """Whether the peer takes more bytes at once."""
        return not self._full and self.connected

    @property
    def is_open(self) -> bool:
        """Whether there is a socket that is not closed yet."""
        return self._transport is not None and not self.gone.done()

    @property
    def is_gone(self) -> bool:
        """Whether the socket was connected once and is closed now."""
        return self.gone.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._owner.made(self)
        # Early 3.11 (3.11.2 in Debian 12) puts its reader in place right after this call, even if reading was
        # paused here, and then takes further pauses for done: decide about reading one turn later.
        asyncio.get_running_loop().call_soon(self._start_reading)

    def data_received(self, data: bytes) -> None:
        if self._finishing is None:
            self.out.receive(data)

    def eof_received(self) -> bool:
        """Called by asyncio; True keeps the other direction open."""
        self._heard_fin = True
        if self._finishing is not None:
            return False
        self._owner.heard_end(self, End.FIN)
        return True

    def pause_writing(self) -> None:
        self._full = True
        self.into.settle()

    def resume_writing(self) -> None:
        self._full = False
        self.into.settle()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.gone.set_result(None)
        if self._finishing is not None:
            self._finishing.cancel()
        self._owner.heard_end(self, End.RESET)

    def set_reading(self, *, wanted: bool) -> None:
        """Read from the peer, or leave its bytes in the kernel so that it feels back-pressure."""
        if self._transport is None or not self._reads or self._heard_fin or self._finishing is not None:
            return
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def write(self, piece: bytes | memoryview) -> None:
        """Hand bytes to the peer; only while `connected`."""
        self._transport.write(piece)  # type: ignore[union-attr]

    def fin(self) -> None:
        """FIN behind everything written."""
        if self.connected and self._transport is not None:
            self._said_fin = True
            with suppress(OSError):  # the peer's RST got in first
                self._transport.write_eof()

    def finish(self) -> None:
        """FIN behind everything written, and close once the peer ended, too, or the budget is spent."""
        transport = self._transport
        if transport is None or self._finishing is not None or transport.is_closing():
            return
        self.fin()
        self.set_reading(wanted=True)
        self._finishing = asyncio.get_running_loop().call_later(budgets.PROXY.seconds, self._abort)
        if self._heard_fin:
            transport.close()

    def reset(self) -> None:
        """RST now; what the kernel has not sent yet is discarded."""
        if self._transport is not None and not self.is_gone:
            self._discard()
            reset(self._transport)

    @property
    def is_far(self) -> bool:
        """Whether the peer is not on loopback, so that what the kernel has sent may be lost."""
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return peer is not None and not ip_address(peer[0]).is_loopback

    @property
    def unsent(self) -> int:
        """Bytes written that may still reach the peer's kernel and have not; on Windows only asyncio's own share.

        Takes a pending socket error off the socket: ask only when the side is about to be reset.
        """
        if self._transport is None or self._transport.is_closing():
            return 0
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return 0  # the peer reset; asyncio doesn't read after a FIN and has not noticed
        return self._transport.get_write_buffer_size() + kernel_unsent(self._socket)

    @property
    def _socket(self) -> socket.socket:
        assert self._transport is not None  # noqa: S101 - a connected side has one
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    def _abort(self) -> None:
        """The peer has not ended in time."""
        if self._transport is not None:
            self._discard()
            self._transport.abort()

    def _discard(self) -> None:
        """Say what will never be sent."""
        if unsent := self.unsent:
            self._owner.discarding(self, unsent)

    def _start_reading(self) -> None:
        self._reads = True
        self.out.settle()
        self.into.settle()
