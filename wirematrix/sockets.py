"""What the kernel can be asked of a TCP socket beyond asyncio: a real RST, and how much is still unsent."""

from __future__ import annotations

import array
import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, Final, cast

_LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_SIOCOUTQNSD: Final = 0x894B  # Linux <linux/sockios.h>: bytes not yet sent; on loopback sent is received
_SO_NWRITE: Final = 0x1024  # macOS <sys/socket.h>: bytes in the send buffer


def socket_of(transport: asyncio.Transport) -> socket.socket:
    """The socket below a transport."""
    return cast("socket.socket", transport.get_extra_info("socket"))


def reset(transport: asyncio.Transport) -> None:
    """End a connection with a RST; asyncio's abort() alone would look like a FIN."""
    below = socket_of(transport)
    with suppress(OSError):  # already closed by the kernel's side
        below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
    if sys.platform == "win32":
        # The proactor loop calls shutdown() before close(), and that FIN would go ahead of the RST; it
        # leaves a socket alone that is closed (_call_connection_lost in asyncio/proactor_events.py).
        cast("Any", below)._sock.close()  # noqa: SLF001 - TransportSocket offers no close()


def kernel_unsent(below: socket.socket) -> int:
    """Bytes that were handed to the kernel and not sent yet; 0 where the system does not say (Windows).

    Between Unix sockets what is sent has been received.
    """
    if below.family == getattr(socket, "AF_UNIX", None):
        return 0
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - not on Windows

        count = array.array("i", [0])
        fcntl.ioctl(below.fileno(), _SIOCOUTQNSD, count)
        unsent = count[0]
    elif sys.platform == "darwin":
        unsent = below.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)
    else:
        unsent = 0
    return unsent
