"""Request heads: the method, target and Last-Event-ID of what a page asks over a link.

Reads the bytes going by, changes none of them, and gives up for good as soon as it can no longer tell
where the next head begins: evidence, not a parser of HTTP (RFC 9112 section 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LONGEST_HEAD: Final = 65_536  # bytes; a longer head is not recorded
_BEGINS: Final = re.compile(rb"[A-Z]{1,24}(?: |\Z)")
_REQUEST_LINE: Final = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01](?:\r\n|\Z)")
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_LAST_EVENT_ID: Final = re.compile(rb"\r\nlast-event-id:[ \t]*([^\r\n]*?)[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_UNCOUNTED: Final = re.compile(rb"\r\n(?:upgrade|transfer-encoding):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request head. `last_event_id` is the header's value, decoded as UTF-8 as HTML sends it."""

    method: str
    target: str
    last_event_id: str | None


class RequestHeads:
    """Finds the request heads in one link's upstream bytes, however they are cut into pieces.

    Follows a keep-alive connection over bodies with a Content-Length. `finished` turns true, and stays,
    after an upgrade, a chunked body, a head that is too long, or bytes that are not HTTP/1.
    """

    __slots__ = ("_body", "_head", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._head = bytearray()
        self._body = 0  # bytes of a body still to pass by

    def feed(self, piece: bytes) -> tuple[Request, ...]:
        """The requests whose head is complete with this piece; usually none or one."""
        found: list[Request] = []
        while piece and not self.finished:
            if self._body:
                passed = min(self._body, len(piece))
                self._body -= passed
                piece = piece[passed:]
                continue
            before = len(self._head)
            self._head += piece
            end = self._head.find(b"\r\n\r\n", max(0, before - 3))
            if end < 0:
                self.finished = len(self._head) > LONGEST_HEAD or not _BEGINS.match(self._head)
                break
            piece = piece[end + 4 - before :]
            request = self._read(bytes(self._head[:end]))
            self._head.clear()
            if request is not None:
                found.append(request)
        if self.finished:
            self._head.clear()
        return tuple(found)

    def _read(self, head: bytes) -> Request | None:
        line = _REQUEST_LINE.match(head)
        if line is None:
            self.finished = True
            return None
        length = _CONTENT_LENGTH.search(head)
        self._body = int(length[1]) if length else 0
        self.finished = _UNCOUNTED.search(head) is not None
        last = _LAST_EVENT_ID.search(head)
        return Request(
            method=line[1].decode("ascii"),
            target=line[2].decode("latin-1"),
            last_event_id=last[1].decode("utf-8", "replace") if last else None,
        )
