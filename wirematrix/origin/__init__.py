"""An origin that controls every byte: raw HTTP and WebSocket on asyncio, scripted per cell. No framework."""

from wirematrix.origin.connection import Connection, PeerGone
from wirematrix.origin.exchange import EVENT_STREAM, Exchange
from wirematrix.origin.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame
from wirematrix.origin.origin import HOST, Origin, Script
from wirematrix.origin.outlet import Outlet
from wirematrix.origin.pushes import bursts, floods, padded, pause, pushes, sends_bytes, single_bytes, slowly, ticks
from wirematrix.origin.request import Request
from wirematrix.origin.scripts import accepts, answers, either, envelopes, silent, streams
from wirematrix.origin.socket import Socket

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "EVENT_STREAM",
    "HOST",
    "PING",
    "PONG",
    "TEXT",
    "Connection",
    "Exchange",
    "Frame",
    "Origin",
    "Outlet",
    "PeerGone",
    "Request",
    "Script",
    "Socket",
    "accepts",
    "answers",
    "bursts",
    "either",
    "envelopes",
    "floods",
    "padded",
    "pause",
    "pushes",
    "sends_bytes",
    "silent",
    "single_bytes",
    "slowly",
    "streams",
    "ticks",
]
