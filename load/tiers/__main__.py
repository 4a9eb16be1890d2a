"""`python -m load.tiers NAME --fd N`: serve a tier on an inherited listening socket until SIGTERM."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence

from load.tiers import plain_sse, plain_websocket
from load.tiers.envelopes import heartbeat_period_s
from load.tiers.process import WebSockets, serve_asgi, serve_raw

USAGE = 2

TIERS: dict[str, Callable[[socket.socket], None]] = {
    "raw-sse": lambda listener: serve_raw("sse", listener),
    "raw-websocket": lambda listener: serve_raw("websocket", listener),
    "sse-starlette": lambda listener: serve_asgi(plain_sse.plain(), listener, WebSockets()),
    "sse-starlette-encoded": lambda listener: serve_asgi(plain_sse.encoded(), listener, WebSockets()),
    "sse-starlette-gzip": lambda listener: serve_asgi(plain_sse.gzipped(), listener, WebSockets()),
    "websocket": lambda listener: serve_asgi(plain_websocket.plain(), listener, WebSockets()),
    "websocket-wsproto": lambda listener: serve_asgi(
        plain_websocket.plain(), listener, WebSockets(implementation="wsproto")
    ),
    "websocket-deflate": lambda listener: serve_asgi(plain_websocket.plain(), listener, WebSockets(deflate=True)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m load.tiers", description="A tier of the comparison under load.")
    parser.add_argument("name", choices=TIERS, metavar="NAME", help=", ".join(TIERS))
    parser.add_argument("--fd", type=int, required=True, help="file descriptor of an inherited listening socket")
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        heartbeat_period_s()
        listener = socket.socket(fileno=options.fd)
        listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"python -m load.tiers: --fd {options.fd} cannot be served on: {problem}\n")
        return USAGE
    TIERS[options.name](listener)
    return 0


if __name__ == "__main__":
    sys.exit(main())
