"""A small raw tier that does what a tier should, and one thing that it should not: `oddserver.py MOOD --fd N`.

    well        every subscriber gets every message once
    loses       the first subscriber never gets every tenth message
    doubles     every subscriber gets every tenth message twice
    stalls      the loop stands still for 300 ms before message 10
    dies        the process ends before message 10
    refuses     no subscriber is let in
    lags        a subscriber is let in after 50 ms
    forgets     after seven subscribers nobody is let in

Executed it needs the standard library alone; imported it gives the command that starts it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
N = re.compile(r'"n":(\d+)')
subscribers: list[Connection] = []
SEQ = itertools.count(1)
LET_IN = itertools.count(1)


class Connection(asyncio.Protocol):
    """Any connection: it becomes what its first request asks for."""

    def __init__(self, mood: str) -> None:
        self.mood = mood
        self.came = b""
        self.role = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in subscribers:
            subscribers.remove(self)

    def data_received(self, data: bytes) -> None:
        self.came += data
        if not self.role and b"\r\n\r\n" in self.came:
            head, self.came = self.came.split(b"\r\n\r\n", 1)
            self.begin(head)
        if self.role == "publisher":
            for text in self.frames():
                publish(text, self.mood)

    def begin(self, head: bytes) -> None:
        target = head.split()[1].decode()
        if target.endswith("/publish"):
            self.upgrade(head)
            self.role = "publisher"
        elif target.startswith(("/sse", "/ws")):
            self.role = "subscriber"
            delay_s = 0.05 if self.mood == "lags" else 0
            asyncio.get_running_loop().call_later(delay_s, self.let_in, head, target)
        else:
            body = json.dumps({"subscribers": len(subscribers)}).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            self.came = b""

    def let_in(self, head: bytes, target: str) -> None:
        if self.mood == "refuses" or (self.mood == "forgets" and next(LET_IN) > 7):
            self.transport.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()
            return
        self.sse = target.startswith("/sse")
        if self.sse:
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
        else:
            self.upgrade(head)
        subscribers.append(self)

    def upgrade(self, head: bytes) -> None:
        key = re.findall(rb"(?i)sec-websocket-key: *(\S+)", head)[0]
        accept = base64.b64encode(hashlib.sha1(key + SALT).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
        )

    def frames(self) -> Iterator[str]:
        """The whole text frames that have come."""
        while len(self.came) >= 6:
            size, at = self.came[1] & 127, 2
            if size == 126:
                size, at = int.from_bytes(self.came[2:4]), 4
            if len(self.came) < at + 4 + size:
                return
            mask, body = self.came[at : at + 4], self.came[at + 4 : at + 4 + size]
            opcode, self.came = self.came[0] & 15, self.came[at + 4 + size :]
            if opcode == 1:
                yield bytes(byte ^ mask[index % 4] for index, byte in enumerate(body)).decode()
            else:
                self.transport.close()

    def send(self, seq: int, envelope: bytes) -> None:
        if self.sse:
            message = b"id: e-%d\ndata: %b\n\n" % (seq, envelope)
            self.transport.write(b"%x\r\n%b\r\n" % (len(message), message))
        else:
            self.transport.write(b"\x81\x7e%b%b" % (len(envelope).to_bytes(2), envelope))


def publish(text: str, mood: str) -> None:
    """Hand a message to everybody, or not quite."""
    number = int(N.findall(text)[0])
    seq = next(SEQ)
    if mood == "dies" and number == 10:
        sys.stderr.write("out of memory\n")
        sys.stderr.flush()
        os._exit(3)
    if mood == "stalls" and number == 10:
        time.sleep(0.3)
    payload = text.removeprefix('{"data":').removesuffix("}")
    envelope = f'{{"seq":{seq},"ts":{time.time() * 1000:.3f},"type":"update","data":{payload}}}'.encode()
    for index, subscriber in enumerate(list(subscribers)):
        copies = 2 if mood == "doubles" and not number % 10 else 1
        if mood == "loses" and not index and not number % 10:
            copies = 0
        for _ in range(copies):
            subscriber.send(seq, envelope)


async def main(mood: str, fd: int) -> None:
    listening = socket.socket(fileno=fd)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(mood), sock=listening)
    async with server:
        await server.serve_forever()


def odd_server(mood: str) -> tuple[str, ...]:
    """The words that start it."""
    return (sys.executable, "-I", "-S", str(Path(__file__)), mood, "--fd", "{fd}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[3])))
