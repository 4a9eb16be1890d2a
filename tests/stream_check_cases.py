"""The cases of the checks that name streams, in the style of `check_cases`: each stream is asked for on its own path."""

from __future__ import annotations

from typing import Any, Final

from tests.case import Case
from tests.timelines import Change, also, altered, page, server, story, without
from wirematrix import checks
from wirematrix.model import Observation

FENCED: Final = "all 2 are over after 1 request, while the control stream came back 3 times"


def asked(at_ms: float, stream: str, **headers: str) -> Observation:
    """The origin had a request for the path of a stream."""
    told = [[name.replace("_", "-"), value] for name, value in headers.items()]
    return server(at_ms, "request", connection=1, target=f"/{stream}?x=1", headers=told)


def tried(at_ms: float, *streams: str) -> list[Observation]:
    """The page called their constructors."""
    return [page(at_ms, "opening", stream=stream) for stream in streams]


def failed(at_ms: float, stream: str, **detail: Any) -> list[Observation]:
    """A WebSocket's handshake failed."""
    told = {"code": 1006, "reason": "", "clean": False} | detail
    return [
        page(at_ms, "error", stream=stream, state="CLOSED"),
        page(at_ms, "close", stream=stream, **told),
        page(at_ms, "over", stream=stream),
    ]


def asked_twice(stream: str) -> Change:
    """A defect: it was asked for once more."""
    return also(asked(90, stream))


REFUSED: Final = story(
    *[asked(number, "control") for number in (1, 10, 20, 30)],
    *[asked(2, name) for name in ("gone", "busy")],
    *[page(3, "over", stream=name) for name in ("gone", "busy")],
)
UNHEARD: Final = story(*tried(1, "a", "b"), page(2, "message", stream="c", text="1 one"))
FAILED: Final = story(*tried(1, "a", "b"), *failed(5, "a"), *failed(6, "b"))
CLOSED: Final = story(
    page(1, "closing", stream="source", state="CLOSED"),
    page(1, "closing", stream="socket", state="CLOSING"),
    page(1, "closing", stream="fetch", state="CONNECTING"),
    *failed(2, "socket"),
    page(2, "error", stream="fetch", state=None, because="AbortError: told to"),
)
OPENED: Final = story(
    *tried(1, "a", "b"), page(2, "open", stream="a", protocol="one"), page(3, "open", stream="b", protocol="")
)
CARRIED: Final = story(asked(1, "a", Accept="text/event-stream"))
AFRESH: Final = story(asked(1, "a", Accept="*/*"), asked(2, "a"), asked(3, "b"))
PINGED: Final = story(*[server(at, "ping-sent") for at in (1, 3)], *[server(at, "pong", same=True) for at in (2, 4)])
INSIDE: Final = story(
    page(1, "elsewhere", stream="shared", said="opening"),
    page(2, "elsewhere", stream="shared", said="open"),
    page(3, "elsewhere", stream="service", said="open"),
)

STREAM_CASES: dict[str, Case] = {
    "streams_opened": Case(
        check=checks.streams_opened("a", "b"),
        timeline=OPENED,
        held="all 2 opened",
        broken=(
            (without("page", "open", stream="a"), "1 of 2 never opened: a"),
            (without("page", "open"), "2 of 2 never opened: a, b"),
        ),
    ),
    "failed_for_good": Case(
        check=checks.failed_for_good("gone", "busy", control="control"),
        timeline=REFUSED,
        held=FENCED,
        broken=(
            (asked_twice("busy"), "1 of 2: busy was asked for 2 times"),
            (without("page", "over", stream="gone"), "1 of 2: gone is not over"),
        ),
        undecided=(
            (
                altered("server", "request", {"target": "/other"}, target="/control?x=1"),
                "the control stream came back 0 times; expected 3",
            ),
            (without("server", "request", target="/gone?x=1"), "nobody asked for gone"),
        ),
    ),
    "heard_nothing": Case(
        check=checks.heard_nothing("a", "b"),
        timeline=UNHEARD,
        held="nothing was heard by 2 streams",
        broken=(
            (
                also(page(3, "message", stream="b", text="1 secret")),
                "1 messages were heard, the first by b: 1 secret",
            ),
        ),
        undecided=((without("page", "opening", stream="b"), "not all of them were opened by the page"),),
    ),
    "never_requested": Case(
        check=checks.never_requested("c"),
        timeline=UNHEARD,
        held="nobody asked for c",
        broken=((asked_twice("c"), "the server was asked for c"),),
        undecided=((without("page", "opening"), "the page never tried to open anything"),),
    ),
    "handshakes_failed": Case(
        check=checks.handshakes_failed("a", "b"),
        timeline=FAILED,
        held="all 2: error, close 1006 not clean",
        broken=(
            (without("page", "error", stream="b"), "1 of 2 differ: b: close 1006 not clean"),
            (altered("page", "close", {"clean": True}, stream="a"), "1 of 2 differ: a: error, close 1006 clean"),
            (
                altered("page", "close", {"code": 1002, "reason": "status 403"}),
                "2 of 2 differ: a: error, close 1002 not clean 'status 403'; b: error, close 1002 not clean 'status 403'",
            ),
            (also(page(4, "open", stream="a")), "1 of 2 differ: a: open, error, close 1006 not clean"),
            (
                lambda timeline: without("page", "close", stream="b")(without("page", "error", stream="b")(timeline)),
                "1 of 2 differ: b: told nothing",
            ),
        ),
        undecided=((without("page", "opening", stream="a"), "the page never opened a"),),
    ),
    "protocol_agreed": Case(
        check=checks.protocol_agreed("a", "one"),
        timeline=OPENED,
        held="a opened with protocol 'one'",
        broken=(
            (altered("page", "open", {"protocol": ""}, stream="a"), "a opened with protocol ''"),
            (without("page", "open", stream="a"), "a never opened: told nothing"),
        ),
    ),
    "ended_by_the_page": Case(
        check=checks.ended_by_the_page("source", "socket", "fetch"),
        timeline=CLOSED,
        held="all 3 ended as asked",
        broken=(
            (
                also(page(3, "error", stream="source", state="CLOSED")),
                "1 of 3: source was told error; expected nothing",
            ),
            (
                altered("page", "close", {"code": 1005, "clean": True}),
                "1 of 3: socket was told error, close 1005 clean; expected error, close 1006 not clean",
            ),
            (without("page", "error", stream="fetch"), "1 of 3: fetch was told nothing; expected error AbortError"),
        ),
        undecided=((without("page", "closing", stream="socket"), "the page never closed socket"),),
    ),
    "header_carried": Case(
        check=checks.header_carried("a", "Accept", "text/event-stream"),
        timeline=CARRIED,
        held="Accept: text/event-stream",
        broken=(
            (altered("server", "request", {"headers": []}), "a was asked for without Accept"),
            (
                altered("server", "request", {"headers": [["accept", "*/*"]]}),
                "Accept: */*; expected text/event-stream",
            ),
        ),
        undecided=((without("server", "request"), "nobody asked for a"),),
    ),
    "asked_afresh": Case(
        check=checks.asked_afresh("a", 2),
        timeline=AFRESH,
        held="a was asked for 2 times, never conditionally",
        broken=(
            (asked_twice("a"), "a was asked for 3 times; expected 2 afresh"),
            (
                altered("server", "request", {"headers": [["If-None-Match", "1"]]}, target="/a?x=1"),
                "a was asked for 2 times, with If-None-Match, If-None-Match; expected 2 afresh",
            ),
        ),
        undecided=((without("server", "request", target="/a?x=1"), "nobody asked for a"),),
    ),
    "pongs_came": Case(
        check=checks.pongs_came(2),
        timeline=PINGED,
        held="all 2 pings were answered",
        broken=(
            (without("server", "pong"), "0 of 2 pings were answered"),
            (
                altered("server", "pong", {"same": False}),
                "2 of 2 pings were answered, 2 with another content",
            ),
        ),
        undecided=((without("server", "ping-sent"), "the server never sent a ping"),),
    ),
    "opened_elsewhere": Case(
        check=checks.opened_elsewhere("shared", "service"),
        timeline=INSIDE,
        held="all 2 opened",
        broken=(
            (
                altered("page", "elsewhere", {"said": "failed", "because": "ReferenceError: gone"}, stream="service"),
                "1 of 2 never opened: service: failed (ReferenceError: gone)",
            ),
            (without("page", "elsewhere", said="open", stream="shared"), "1 of 2 never opened: shared: opening"),
            (without("page", "elsewhere", stream="shared"), "1 of 2 never opened: shared: nothing"),
        ),
    ),
}
