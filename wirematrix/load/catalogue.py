"""The tiers: which ways to serve there are, and how each is started."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Final

from wirematrix.load_model import LoadTransport, Tier
from wirematrix.server import Command

SSE, WEBSOCKET = LoadTransport.SSE, LoadTransport.WEBSOCKET


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tier, the module that serves it, and the libraries whose versions matter."""

    tier: Tier
    module: tuple[str, ...]  # with its arguments before `--fd`
    environment: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ("uvloop",)


def _app(name: str, transport: LoadTransport, title: str, *libraries: str, compressed: bool = False) -> Entry:
    return Entry(
        tier=Tier(name=name, transport=transport, title=title, compressed=compressed, resumes=True, heartbeats=True),
        module=("app",),
        environment={"APP_WEBSOCKET_COMPRESSION": "true" if compressed else "false"},
        libraries=("fastapi", "starlette", "uvicorn", "uvloop", *libraries),
    )


def _tier(
    name: str, transport: LoadTransport, title: str, *libraries: str, compressed: bool = False, floor: bool = False
) -> Entry:
    return Entry(
        tier=Tier(name=name, transport=transport, title=title, floor=floor, compressed=compressed, heartbeats=True),
        module=("load.tiers", name),
        libraries=("uvloop", *libraries),
    )


ENTRIES: Final = (
    _tier("raw-sse", SSE, "bytes encoded once, written to each socket by asyncio: the physical limit", floor=True),
    _tier("raw-websocket", WEBSOCKET, "frames made once, written to each socket by asyncio: the limit", floor=True),
    _app("app-sse", SSE, "this project's app, sse-starlette", "sse-starlette", "httptools"),
    _app("app-websocket", WEBSOCKET, "this project's app, uvicorn's websockets-sansio", "websockets"),
    _app("app-websocket-deflate", WEBSOCKET, "the same with permessage-deflate", "websockets", compressed=True),
    _tier(
        *("sse-starlette", SSE, "sse-starlette as its README has it: a queue, a dict and JSON per subscriber"),
        *("sse-starlette", "starlette", "uvicorn", "httptools"),
    ),
    _tier(
        *("sse-starlette-encoded", SSE, "the same, handed bytes that were encoded once"),
        *("sse-starlette", "starlette", "uvicorn", "httptools"),
    ),
    _tier(
        *("sse-starlette-gzip", SSE, "the same as sse-starlette, each message flushed through gzip"),
        *("sse-starlette", "starlette", "uvicorn", "httptools"),
        compressed=True,
    ),
    _tier(
        *("websocket", WEBSOCKET, "Starlette's WebSocket, a queue and JSON per subscriber, on websockets-sansio"),
        *("starlette", "uvicorn", "websockets"),
    ),
    _tier("websocket-wsproto", WEBSOCKET, "the same on wsproto", "starlette", "uvicorn", "wsproto"),
    _tier(
        *("websocket-deflate", WEBSOCKET, "the same on websockets-sansio with permessage-deflate"),
        *("starlette", "uvicorn", "websockets"),
        compressed=True,
    ),
)
NAMES: Final = tuple(entry.tier.name for entry in ENTRIES)


def with_versions(entry: Entry) -> Tier:
    """The tier with the versions of the libraries that serve it, as they are installed here."""
    versions = {}
    for library in entry.libraries:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "not installed"
    return replace(entry.tier, versions=versions)


def command(entry: Entry, folder: Path, *, heartbeat_ms: int) -> Command:
    """How its process is started, in the folder where the app and the tiers are."""
    return Command(
        argv=(sys.executable, "-m", *entry.module, "--fd", "{fd}"),
        folder=folder,
        environment={"APP_CONTROL": "true", "APP_HEARTBEAT_MS": str(heartbeat_ms), **entry.environment},
    )
