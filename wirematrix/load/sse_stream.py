"""An SSE stream: a GET whose answer never ends, taken apart by httptools; gzip is taken off by zlib."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import httptools

from wirematrix.load.stream import Known, Stream
from wirematrix.load.tally import Tally


class SseStream(Stream):
    """Whole events are handed on; a piece of one waits for the rest of it."""

    def __init__(
        self, tally: Tally, known: Known, opened: asyncio.Future[int], ended: Callable[[str], None], request: bytes
    ) -> None:
        super().__init__(tally, known, opened, ended, request)
        self._parser = httptools.HttpResponseParser(self)
        self._inflate: Callable[[bytes], bytes] | None = None
        self._parts: list[bytes] = []
        self._rest = b""
        self._chunk_whole = False
        self._over = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer (httptools)."""
        if name.lower() == b"content-encoding" and value.lower() == b"gzip":
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress

    def on_headers_complete(self) -> None:
        """The head is there: the stream is open, or never will be (httptools)."""
        status = self._parser.get_status_code()
        if status == 200:
            self.open_now()
        else:
            self.fail(f"answered {status}")

    def on_chunk_header(self) -> None:
        """A chunk begins (httptools)."""
        self._chunk_whole = False

    def on_body(self, body: bytes) -> None:
        """A piece of the stream (httptools)."""
        self._parts.append(body)

    def on_chunk_complete(self) -> None:
        """A chunk ended (httptools)."""
        self._chunk_whole = True

    def on_message_complete(self) -> None:
        """The answer ended (httptools)."""
        self._over = True
        self.last_word = "the stream ended"

    def whole_of(self, came: bytes) -> tuple[bytes, bool]:
        """The whole events that are there now.

        Between two chunks nothing depends on what was before (RFC 9112, section 7.1); a chunk's size that is not
        whole yet is told by its missing line end. An answer that is not in chunks is never between two of them.
        """
        try:
            self._parser.feed_data(came)
        except httptools.HttpParserError as error:
            self.fail(f"answered what is no HTTP: {error}")
            return b"", False
        body = b"".join(self._parts)
        self._parts.clear()
        if self._inflate is not None:
            body = self._inflate(body)
        whole = self._whole_events(self._rest + body)
        self.between = self._chunk_whole and came.endswith(b"\r\n") and not self._rest and self._inflate is None
        if self._over and self.transport is not None:
            self.transport.abort()
        return whole, self.between and not self._over

    def _whole_events(self, body: bytes) -> bytes:
        if body.endswith((b"\n\n", b"\r\n\r\n")):
            self._rest = b""
            return body
        end = max(body.rfind(b"\n\n") + 2, body.rfind(b"\r\n\r\n") + 4)
        if end < 4 and not body.startswith(b"\n\n"):  # neither was found
            end = 0
        self._rest = body[end:]
        return body[:end]
