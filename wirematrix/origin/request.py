"""A request head as it came: every header, in order and in its own spelling."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from wirematrix.errors import WirematrixError

SHOWN: Final = 60  # bytes of what is no request that an observation repeats


class NoRequest(WirematrixError):
    """What the peer sent is no request of HTTP/1: whatever an engine had in mind, it is no script's business."""

    def __init__(self, begins: bytes) -> None:
        self.begins = begins[:SHOWN]
        super().__init__(self.begins)

    def __str__(self) -> str:
        return f"no request of HTTP/1: it begins {self.begins!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `number` counts those of its path, `place` is the path of the target."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    number: int = 1

    @property
    def place(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query, last value of each name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """A header's value as UTF-8, which is what engines send for Last-Event-ID; None without one."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def is_upgrade(self) -> bool:
        """Whether it asks for a WebSocket."""
        return (self.header("upgrade") or "").lower() == "websocket"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request head; None where the connection ends before one. Raises NoRequest for anything else."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise NoRequest(ended.partial) from None
        return None
    except asyncio.LimitOverrunError:
        raise NoRequest(await reader.read(SHOWN)) from None
    first, *lines = head[:-4].decode("utf-8", "surrogateescape").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise NoRequest(head)
    headers = tuple((name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines))
    return Request(method=words[0], target=words[1], headers=headers)
