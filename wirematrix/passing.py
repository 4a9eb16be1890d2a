"""Passing messages: which numbered messages go by on one link on their way to the page, however they are cut.

Follows the answers on a kept-alive connection (RFC 9112) as far as it must to find event streams and WebSockets in
them (envelopes.py). Reads the bytes going by, changes none of them, and gives up for good, with a sentence, as soon
as it can no longer tell where the next thing begins.

    head ──▶ counted body ──▶ head          head ──▶ 101: frames, or a body until the end
         ──▶ chunk size ──▶ chunk ─┐
                 ▲─────────────────┴──▶ trailers ──▶ head
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.envelopes import CannotTell, Envelopes, EventStream, Frames, Passed

LONGEST_HEAD: Final = 65_536  # bytes of an answer's head, or of a line between chunks
FIRST_ERROR: Final = 400  # RFC 9110, section 15.5
RECENT: Final = 65_536  # messages that can be taken back; more than a kernel keeps unsent
_BEGINS: Final = b"HTTP/1."
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r\n|\Z)")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;|\Z)")
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_CODED: Final = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)  # chunked, or its size lines make no sense
_EVENT_STREAM: Final = re.compile(rb"\r\ncontent-type:[ \t]*text/event-stream[ \t]*(?:;|\r\n|\Z)", re.IGNORECASE)
_ENCODED: Final = re.compile(rb"\r\ncontent-encoding:", re.IGNORECASE)
_EXTENDED: Final = re.compile(rb"\r\nsec-websocket-extensions:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Messages `first` to `last` of an epoch, one after the other; `bytes` is what they weigh, see `Passed.size`."""

    epoch: str
    first: int
    last: int
    bytes: int
    smallest: int
    largest: int


class PassingMessages:
    """The numbered messages in one link's downstream bytes. `gave_up` says why no more are told; "" while they are."""

    def __init__(self) -> None:
        self.gave_up = ""
        self.errors: list[int] = []  # statuses of answers that are errors, for whoever takes them out
        self._fed = 0  # bytes, those of earlier pieces
        self._state: Callable[[bytes, int], int] = self._head
        self._line = bytearray()  # of a head, a chunk size or a trailer: the beginning
        self._left = 0  # bytes of a body, or of a chunk and its line end, still to pass by
        self._stream: Envelopes | None = None  # how the body is read; None for one without messages
        self._found: list[Passed] = []
        self._recent: deque[Passed] = deque(maxlen=RECENT)

    def feed(self, piece: bytes | memoryview) -> tuple[Run, ...]:
        """The messages whose last byte is in this piece."""
        if self.gave_up:
            return ()
        content = bytes(piece)
        place = 0
        try:
            while place < len(content):
                place = self._state(content, place)
        except CannotTell as unknown:
            self.gave_up = str(unknown)
        self._fed += len(content)
        if not self._found:
            return ()
        self._recent.extend(self._found)
        found = runs(self._found)
        self._found.clear()
        return found

    def beyond(self, end: int) -> tuple[Run, ...]:
        """The messages that were not whole when `end` bytes had gone by: what a RST takes back."""
        return runs(each for each in self._recent if each.end > end)

    def asked_for_head(self) -> None:
        """The page asked by HEAD: the answer has no body, whatever it says of one."""
        self.gave_up = self.gave_up or "the answer to a HEAD request"

    # What can be due: takes some of the content from `place` on, and says where the rest begins.

    def _head(self, content: bytes, place: int) -> int:
        head, place = self._before(b"\r\n\r\n", content, place)
        begins = bytes(self._line if head is None else head)[: len(_BEGINS)]
        if not _BEGINS.startswith(begins):
            raise CannotTell("an answer that is not HTTP/1")
        if head is not None:
            self._answer(head)
        return place

    def _counted(self, content: bytes, place: int) -> int:
        stop = min(len(content), place + self._left)
        self._read(content, place, stop)
        self._left -= stop - place
        if not self._left:
            self._state = self._head
        return stop

    def _chunk_size(self, content: bytes, place: int) -> int:
        line, place = self._before(b"\r\n", content, place)
        if line is not None:
            size = _CHUNK_SIZE.match(line)
            if size is None:
                raise CannotTell("a chunk without a size")
            self._left = int(size[1], 16) + 2
            self._state = self._chunk if self._left > 2 else self._trailer
        return place

    def _chunk(self, content: bytes, place: int) -> int:
        stop = min(len(content), place + self._left)
        self._read(content, place, min(stop, place + max(0, self._left - 2)))
        self._left -= stop - place
        if not self._left:
            self._state = self._chunk_size
        return stop

    def _trailer(self, content: bytes, place: int) -> int:
        line, place = self._before(b"\r\n", content, place)
        if line == b"":
            self._state = self._head
        return place

    def _endless(self, content: bytes, place: int) -> int:
        self._read(content, place, len(content))
        return len(content)

    def _answer(self, head: bytes) -> None:
        """Learn from a head what comes after it."""
        line = _STATUS_LINE.match(head)
        if line is None:
            raise CannotTell("an answer that is not HTTP/1")
        status = int(line[1])
        length = _CONTENT_LENGTH.search(head)
        if status == 101:
            if _EXTENDED.search(head):
                raise CannotTell("a WebSocket with an extension")
            self._stream, self._state = Frames(self._found), self._endless
        elif status >= 200 and status not in {204, 304}:
            if status >= FIRST_ERROR:
                self.errors.append(status)
            self._stream = self._body_of(head) if status == 200 else None
            if _CODED.search(head):
                self._state = self._chunk_size
            elif length is None:
                self._state = self._endless
            elif int(length[1]):
                self._left, self._state = int(length[1]), self._counted

    def _body_of(self, head: bytes) -> Envelopes | None:
        if not _EVENT_STREAM.search(head):
            return None
        if _ENCODED.search(head):
            raise CannotTell("an event stream with a content coding")
        return EventStream(self._found)

    def _read(self, content: bytes, start: int, stop: int) -> None:
        if self._stream is not None and stop > start:
            self._stream.feed(content[start:stop], self._fed + start)

    def _before(self, ending: bytes, content: bytes, place: int) -> tuple[bytes | None, int]:
        """What stands before an ending, None if that has not come; and where what follows begins."""
        kept = len(self._line)
        text, start = (self._line + content[place:], 0) if kept else (content, place)
        end = text.find(ending, start)
        if end < 0:
            self._line += content[place:]
            if len(self._line) > LONGEST_HEAD:
                raise CannotTell("a head that is too long")
            return None, len(content)
        self._line.clear()
        after = end + len(ending)
        return bytes(text[start:end]), place + after - kept if kept else after


def runs(messages: Iterable[Passed]) -> tuple[Run, ...]:
    """Neighbours that follow one another, as one."""
    groups: list[list[Passed]] = []
    for message in messages:
        before = groups[-1][-1] if groups else None
        if before and (message.epoch, message.seq) == (before.epoch, before.seq + 1):
            groups[-1].append(message)
        else:
            groups.append([message])
    return tuple(map(_run, groups))


def _run(messages: Sequence[Passed]) -> Run:
    sizes = [message.size for message in messages]
    first, last = messages[0], messages[-1]
    return Run(
        epoch=first.epoch, first=first.seq, last=last.seq, bytes=sum(sizes), smallest=min(sizes), largest=max(sizes)
    )
