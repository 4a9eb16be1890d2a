"""Envelopes: the numbered messages in an event stream, or in the frames of a WebSocket, that goes by in pieces.

Evidence, not a parser. Only what is certain is told: an envelope begins `{"seq":7,"ts":1763826300123.456,"type":"`,
stands in one `data:` line or in one text message, and follows a hello that names the epoch. Whatever else comes,
`CannotTell` is raised and the rest of the stream is not looked at. A message counts with its last byte.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple, Protocol

from wirematrix.ledger import NUMBERED

LONGEST_HEAD: Final = 4096  # bytes of an envelope that are kept; a longer hello cannot be read
LONGEST_FRAME_HEADER: Final = 10  # bytes; without a mask, which servers do not use (RFC 6455, section 5.1)
_NUMBERED: Final = frozenset(kind.encode() for kind in NUMBERED)
_UNNUMBERED: Final = frozenset((b"heartbeat", b"gap"))  # their seq is a position, as the hello's
_ENVELOPE: Final = rb'(\{)"seq":(\d+),"ts":[\d.]+,"type":"([a-z]+)",'
_MESSAGE: Final = re.compile(_ENVELOPE)
_BLOCK: Final = re.compile(rb"\n*(?:id: ?[^\n]*\n)?(?:retry: ?\d+\n)?data: ?" + _ENVELOPE)
_UNSAID: Final = (b":", b"id:", b"retry:")  # lines that hand nothing to the page's code
_TEXT, _CLOSE, _PONG = 1, 8, 10  # opcodes (RFC 6455, section 11.8); continuation is 0, binary 2


class CannotTell(Exception):
    """What went by is not what this module knows; the sentence says what it was."""


class Passed(NamedTuple):
    """One numbered message, and how many bytes of the link had gone by with its last one.

    `size` is in bytes: an SSE event from its first line to its blank one, a WebSocket message with its frames' headers.
    What an answer's chunks add is nobody's.
    """

    end: int
    epoch: str
    seq: int
    size: int


class Envelopes(Protocol):
    """Finds the numbered messages of one stream, and appends them to a list it was made with."""

    def feed(self, content: bytes, at: int) -> None:
        """Take the next bytes of the stream, the first of which is byte `at` of the link. Raises CannotTell."""


class _Told:
    """What a stream has told so far."""

    def __init__(self, found: list[Passed]) -> None:
        self._found = found
        self._epoch = ""

    def _envelope(self, begins: re.Match[bytes], content: bytes, stop: int, end: int, size: int) -> None:
        """One more, whose text goes on to `stop` at most; its last byte is the link's byte `end`, counted from 1."""
        kind = begins[3]
        if kind in _NUMBERED:
            if not self._epoch:
                raise CannotTell("a numbered message before any hello")
            self._found.append(Passed(end, self._epoch, int(begins[2]), size))
        elif kind == b"hello":
            self._epoch = _epoch_in(content[begins.start(1) : stop])
        elif kind not in _UNNUMBERED:
            raise CannotTell(f"a message of type {kind.decode()}")


class EventStream(_Told):
    """The body of a `text/event-stream` whose lines end in LF (HTML standard, section 9.2.5)."""

    def __init__(self, found: list[Passed]) -> None:
        super().__init__(found)
        self._head = bytearray()  # the beginning of an event that has not ended yet
        self._begun = 0  # bytes of that event, those beyond LONGEST_HEAD as well
        self._after_lf = False  # what was seen of it ends in LF

    def feed(self, content: bytes, at: int) -> None:
        """See `Envelopes`."""
        if b"\r" in content:
            raise CannotTell("an event stream with other line ends than LF")
        start = 0
        if self._head:
            start = self._rest(content)
            self._keep(content, 0, start or len(content))
            if not start:
                return
            self._block(bytes(self._head), 0, len(self._head), at + start, self._begun)
            self._head.clear()
            self._begun = 0
        while (end := content.find(b"\n\n", start)) >= 0:
            self._block(content, start, end + 2, at + end + 2, end + 2 - start)
            start = end + 2
        self._keep(content, start, len(content))

    def _rest(self, content: bytes) -> int:
        """How many of these bytes belong to the event that has begun; 0 if it does not end in them."""
        if self._after_lf and content.startswith(b"\n"):
            return 1
        end = content.find(b"\n\n")
        return end + 2 if end >= 0 else 0

    def _keep(self, content: bytes, start: int, stop: int) -> None:
        if stop > start:
            self._head += content[start : min(stop, start + LONGEST_HEAD - len(self._head))]
            self._begun += stop - start
            self._after_lf = content.endswith(b"\n", start, stop)

    def _block(self, content: bytes, start: int, stop: int, end: int, size: int) -> None:
        """An event from its first line to its blank one; of a long one LONGEST_HEAD bytes."""
        begins = _BLOCK.match(content, start, stop)
        if begins is not None:
            self._envelope(begins, content, stop, end, size)
            return
        lines = content[start:stop].split(b"\n")
        whole = content.endswith(b"\n\n", start, stop)
        if not whole or any(line and not line.startswith(_UNSAID) for line in lines):
            raise CannotTell("an SSE event that is no envelope")


class Frames(_Told):
    """What a server sends over a WebSocket without extensions (RFC 6455, section 5)."""

    def __init__(self, found: list[Passed]) -> None:
        super().__init__(found)
        self._header = bytearray()  # the beginning of a frame's header that is not complete yet
        self._left: int | None = None  # bytes of the payload still to pass by; None where a header is due
        self._speaks = False  # the frame is part of a message, not a ping, pong or close
        self._last = False  # the frame ends its message
        self._continues = False  # a message has begun and not ended
        self._head = bytearray()  # the beginning of that message
        self._size = 0  # bytes of that message's frames so far, their headers included

    def feed(self, content: bytes, at: int) -> None:
        """See `Envelopes`."""
        place, size = 0, len(content)
        while place < size:
            if self._left is None:
                place = self._into_payload(content, place)
                if self._left is None:
                    return
            stop = min(size, place + self._left)
            self._left -= stop - place
            if self._speaks:
                self._speak(content, place, stop, at + stop)
            if self._left == 0:
                self._left = None
            place = stop

    def _into_payload(self, content: bytes, place: int) -> int:
        """Where the payload begins, if the header is complete; the end of the content if it is not."""
        if not self._header and len(content) - place >= LONGEST_FRAME_HEADER:
            return place + self._open(content, place)
        while place < len(content) and self._left is None:
            self._header.append(content[place])
            place += 1
            if self._open(self._header, 0):
                self._header.clear()
        return place

    def _open(self, header: bytes | bytearray, place: int) -> int:
        """Take a frame's header in; its length, or 0 if it is not complete."""
        size = len(header) - place
        if size < 2:
            return 0
        first, second = header[place], header[place + 1]
        opcode, wide = first & 0x0F, {126: 2, 127: 8}.get(second, 0)
        if first & 0x70 or second & 0x80 or _TEXT < opcode < _CLOSE or opcode > _PONG:
            raise CannotTell(f"a WebSocket frame that begins {first:#04x} {second:#04x}")
        if size < 2 + wide:
            return 0
        self._speaks = opcode <= _TEXT
        self._last = first >= 0x80
        if self._speaks and (opcode == _TEXT) is self._continues:
            raise CannotTell("a WebSocket message that begins inside another, or without its beginning")
        self._left = int.from_bytes(header[place + 2 : place + 2 + wide], "big") if wide else second
        if self._speaks:
            self._size += 2 + wide + self._left
        return 2 + wide

    def _speak(self, content: bytes, start: int, stop: int, end: int) -> None:
        """Some of a message's payload."""
        if self._left or not self._last or self._head:
            self._head += content[start : min(stop, start + LONGEST_HEAD - len(self._head))]
            content, start, stop = bytes(self._head), 0, len(self._head)
        if self._left:
            return
        self._continues = not self._last
        if self._last:
            self._head.clear()
            begins = _MESSAGE.match(content, start, stop)
            if begins is None:
                raise CannotTell("a WebSocket message that is no envelope")
            self._envelope(begins, content, stop, end, self._size)
            self._size = 0


def _epoch_in(hello: bytes) -> str:
    """The epoch that a hello names."""
    try:
        epoch = json.loads(hello)["data"]["epoch"]
    except (ValueError, LookupError, TypeError):
        epoch = None
    if not isinstance(epoch, str) or not epoch:
        raise CannotTell("a hello without an epoch")
    return epoch
