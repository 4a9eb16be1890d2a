"""A WebSocket that only listens.

Nearly every frame is a whole text message, and those are found here by their length alone (RFC 6455, section 5.2).
All others (fragments, compressed ones, ping, close, what is wrong) are the websockets library's business, as is the
handshake. It may be handed some frames and not others, because a whole message leaves nothing behind in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from wirematrix.load.stream import Known, Stream
from wirematrix.load.tally import Tally

WHOLE_TEXT: Final = 0x81  # FIN, no RSV, opcode 1
MASKED: Final = 0x7F  # above this the second byte says so (section 5.1)
SIZE_IN: Final = {126: 2, 127: 8}  # bytes more that hold the length
LONGEST_HEAD: Final = 1 << 16  # bytes of the answer to the handshake


class WebSocketStream(Stream):
    """Messages are handed on as they come; pings are answered."""

    def __init__(
        self,
        tally: Tally,
        known: Known,
        opened: asyncio.Future[int],
        ended: Callable[[str], None],
        url: str,
        *,
        compressed: bool,
    ) -> None:
        deflate = [ClientPerMessageDeflateFactory(client_max_window_bits=None)] if compressed else None
        self._protocol = ClientProtocol(parse_uri(url), extensions=deflate, max_size=None)
        self._protocol.send_request(self._protocol.connect())
        super().__init__(tally, known, opened, ended, b"".join(self._protocol.data_to_send()))
        self._upgraded = False
        self._rest = b""  # of a frame, or of the answer to the handshake
        self._parts: list[bytes] = []  # of a message in fragments

    def whole_of(self, came: bytes) -> tuple[bytes, bool]:
        """The whole messages that are there now, one after the other."""
        data = self._rest + came
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                if len(head) > LONGEST_HEAD:
                    self.fail("answered what is no WebSocket handshake")
                return b"", False
            self._upgrade(head + end)
        messages: list[bytes] = []
        at, was_all = 0, True
        while len(data) - at >= 2:
            length, begin = data[at + 1], at + 2
            if length > MASKED:
                self.fail("sent a masked frame, which is a client's")
                return b"", False
            if more := SIZE_IN.get(length):
                begin += more
                length = int.from_bytes(data[begin - more : begin])
            end_at = begin + length  # of a length that is not whole yet: beyond the end in any case
            if end_at > len(data):
                break
            if data[at] == WHOLE_TEXT and not self._parts:
                messages.append(data[begin:end_at])
            else:
                was_all = False
                self._take_other(data[at:end_at], messages)
            at = end_at
        self._rest = data[at:]
        self.between = not self._rest and not self._parts
        return b"".join(messages), was_all and self.between

    def _upgrade(self, head: bytes) -> None:
        self._rest = b""
        status = head.split(b" ", 2)[1:2]
        if status != [b"101"]:  # said by its number, as over SSE; and the library would wait for its body
            self.fail(f"answered {b''.join(status).decode('ascii', 'replace')}")
            return
        self._protocol.receive_data(head)
        refused = self._protocol.handshake_exc
        if refused is None:
            self._upgraded = self.between = True
            self._protocol.events_received()
            self.open_now()
        else:
            self.fail(f"{type(refused).__name__}: {refused}")

    def _take_other(self, frame: bytes, messages: list[bytes]) -> None:
        self._protocol.receive_data(frame)
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.PING:
                self.tally.heartbeats += 1
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._parts.append(bytes(event.data))
                if event.fin:
                    messages.append(b"".join(self._parts))
                    self._parts.clear()
        wrong, close = self._protocol.parser_exc, self._protocol.close_rcvd
        if close is not None:
            self.last_word = f"the connection ended: close code {close.code}"
        elif wrong is not None:
            self.last_word = f"sent what is no WebSocket frame: {wrong}"
        if self.transport is not None:
            self.transport.writelines([piece for piece in self._protocol.data_to_send() if piece])
            if self._protocol.close_sent is not None:
                self.transport.close()
