"""`python -m app [--port N | --fd N] [--host ADDRESS]`: serve until SIGTERM. Settings come from APP_... variables."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.main import create_app
from app.server import BACKLOG, port_of, run
from app.settings import Settings
from app.wire import bound_peer_loss

USAGE = 2
INTERRUPTED = 130


class CannotStart(Exception):
    """What the operator asked for is not possible; the text says why in one sentence."""


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with status 2 and a sentence on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Numbered messages over SSE and WebSocket.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=int, default=8000, help="TCP port, 0 for any free one (default: 8000)")
    where.add_argument("--fd", type=int, help="file descriptor of an inherited listening socket")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    return parser.parse_args(arguments)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket of our own; raises CannotStart."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as problem:
        message = f"--host, --port: cannot listen on {host}:{port}; expected a free port of this machine, got {problem}"
        raise CannotStart(message) from problem


def inherit(fd: int) -> socket.socket:
    """The listening socket somebody else opened; raises CannotStart."""
    if sys.platform == "win32":
        message = "--fd: not possible on Windows, where sockets are not inherited by number; expected --port, got --fd"
        raise CannotStart(message)
    try:
        listener = socket.socket(fileno=fd)
        listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as problem:
        message = f"--fd: not a socket; expected an inherited listening socket, got {fd} ({problem})"
        raise CannotStart(message) from problem
    if not listening:
        listener.detach()  # not ours to close
        message = f"--fd: socket does not listen; expected an inherited listening socket, got {fd}"
        raise CannotStart(message)
    return listener


def load_settings() -> Settings:
    """The settings from the environment; raises CannotStart that names the variable."""
    try:
        return Settings()
    except SettingsError as wrong:  # of the lists only: pydantic-settings reads those as JSON
        message = f"APP_ALLOW_ORIGINS: malformed; expected a JSON array of origins, got {wrong}"
        raise CannotStart(message) from wrong
    except ValidationError as wrong:
        first = wrong.errors()[0]
        variable = "APP_" + "_".join(str(key) for key in first["loc"]).upper()
        message = f"{variable}: {first['msg'].lower()}, got {first['input']!a}"
        raise CannotStart(message) from wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, serve, and return the exit status."""
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = load_settings()
        listener = listen(options.host, options.port) if options.fd is None else inherit(options.fd)
    except CannotStart as reason:
        sys.stderr.write(f"python -m app: {reason}\n")
        return USAGE
    bound_peer_loss(listener, settings.peer_timeout_ms)
    app = create_app(settings)
    sys.stderr.write(f"serving on http://{options.host}:{port_of(listener)}/ (end with Ctrl+C)\n")
    try:
        run(app, app.state.service, listener)
    except KeyboardInterrupt:  # uvicorn raises the signal again once it has stopped in order
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
