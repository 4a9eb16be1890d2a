"""Link: one accepted page connection, its connection to the server, and the two flows between.

    page ══ Side ──▶ up ────▶ Side ══ server
         ══ Side ◀── down ◀── Side ══

A link is over when both directions have ended with a FIN, when a RST from one side was passed on to the
other, or when the proxy cuts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, Literal, Protocol

from wirematrix import budgets
from wirematrix.faults import Close, Cut, Fault, Reset
from wirematrix.flow import Flow
from wirematrix.heads import Request, RequestHeads
from wirematrix.passing import PassingMessages, Run
from wirematrix.side import End, Side

REPORT_EVERY_S: Final = 0.25  # at most one "bytes" observation per link in this time
POLL_S: Final = 0.002  # how often a truncation looks whether its bytes have left

By = Literal["page", "server", "proxy"]
How = Literal["fin", "reset", "refused"]
Match = Callable[[Request], bool]
Upstream = tuple[str, int] | Path  # of TCP, or of a Unix socket


class Observe(Protocol):
    """Takes one fact about a link, at once; must not raise."""

    def __call__(self, kind: str, /, **detail: object) -> None:
        """Record the fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """A live link at one moment. Bytes are those forwarded; `request` is the latest one recognised."""

    number: int
    opened_ms: float  # since the proxy was started
    bytes_up: int
    bytes_down: int
    request: Request | None


class Link:
    """One link. Tells `observe` its open, requests, messages, bytes and end; its proxy by `on_made` and `on_end`."""

    def __init__(
        self,
        number: int,
        observe: Observe,
        *,
        opened_ms: float,
        on_made: Callable[[Link, Side], None],
        on_end: Callable[[Link], None],
    ) -> None:
        self.number = number
        self.page = Side("page", self)
        self.server = Side("server", self)
        self.up = Flow("upstream", self, source=self.page, sink=self.server)
        self.down = Flow("downstream", self, source=self.server, sink=self.page)
        self.page.out, self.page.into = self, self.down
        self.server.out, self.server.into = self.down, self.up
        self._opened_ms = opened_ms
        self._observe = observe
        self._on_made = on_made
        self._on_end = on_end
        self._heads = RequestHeads()
        self._passing = PassingMessages()
        self._far: dict[str, bool] = {}  # said of messages whose packets may get lost
        self._request: Request | None = None
        self._awaited: tuple[Fault, Match] | None = None  # hits as soon as a request matches
        self._ended_as: How | None = None
        self._first_end: tuple[By, How] | None = None
        self._reported_at = monotonic()
        self._poll: asyncio.TimerHandle | None = None

    @property
    def over(self) -> bool:
        """Whether the link has ended, or never began."""
        return self._ended_as is not None

    @property
    def state(self) -> LinkState:
        """What is known of the link now."""
        return LinkState(
            number=self.number,
            opened_ms=self._opened_ms,
            bytes_up=self.up.given,
            bytes_down=self.down.given,
            request=self._request,
        )

    @property
    def taken(self) -> int:
        """Bytes received from both sides that were forwarded or wait to be."""
        return self.up.taken + self.down.taken

    @property
    def blackholed(self) -> bool:
        """Whether bytes of the link may be lost, so that it can only be cut."""
        return self.up.discards or self.down.discards

    def matches(self, match: Match | None) -> bool:
        """Whether a fault limited by `match` hits this link now."""
        return match is None or (self._request is not None and match(self._request))

    def open(self) -> None:
        """Report the open."""
        self._observe("link-open", link=self.number, request=None)

    def refuse(self) -> None:
        """Reset the page as if nobody had accepted it: no link was opened, so none is reported."""
        self._ended_as = "reset"
        self.page.reset()

    async def connect(self, upstream: Upstream) -> None:
        """Connect to the server. If it refuses, or takes longer than the budget, the page is reset."""
        try:
            async with asyncio.timeout(budgets.PROXY.seconds):
                loop = asyncio.get_running_loop()
                if isinstance(upstream, Path):
                    await loop.create_unix_connection(lambda: self.server, str(upstream))
                else:
                    await loop.create_connection(lambda: self.server, *upstream)
        except OSError:
            self._first_end = self._first_end or ("server", "refused")
            self.down.receive(End.RESET)

    def shape(self, fault: Fault | None, *, later: tuple[Fault, Match] | None = None) -> None:
        """Be under a fault that lasts, or under none.

        `later` hits as soon as a request matches, before that request is forwarded.
        """
        self._awaited = later
        self.up.shape(fault)
        self.down.shape(fault)

    def cut(self, how: Cut) -> None:
        """End both sides: with a FIN behind what was received, or with a RST at once."""
        if how == "close":
            self.up.flush()
            self.down.flush()
        if self.over:
            return
        for side in (self.page, self.server):
            if how == "close":
                side.finish()
            else:
                side.reset()
        self._end("proxy", "fin" if how == "close" else "reset")

    # What its sides and flows tell it.

    def made(self, side: Side) -> None:
        """A side is connected."""
        ended_as = self._ended_as
        if side is self.page and side.is_far:
            self._far = {"far": True}
        self._on_made(self, side)
        if ended_as == "fin":
            side.finish()
        elif ended_as is not None:
            side.reset()

    def heard_end(self, side: Side, how: End) -> None:
        """A side's peer ended: pass it on through the flow, behind the bytes and under the same faults."""
        if self.over:
            return
        if self._first_end is None or self._first_end[0] == side.name:
            self._first_end = (side.name, how.value)
        away, back = (self.up, self.down) if side is self.page else (self.down, self.up)
        if how is End.RESET:
            back.close()
        if away.finished and not away.discards:
            self.ended(away, how)  # a RST after a FIN has no bytes before it to wait for
        else:
            away.receive(how)
        if self.page.is_gone and self.server.is_gone and not self.over:
            self._end(*self._began_to_end)  # in a blackhole neither was told of the other

    def receive(self, piece: bytes | End) -> None:
        """What the page sent: look for request heads, then on its way."""
        if not isinstance(piece, End):
            for request in self._heads.feed(piece):
                if not self.over:
                    self._requested(request)
            if self._heads.finished:
                self.page.out = self.up
        self.up.receive(piece)

    def settle(self) -> None:
        """The page's side changed."""
        self.up.settle()

    def moved(self, flow: Flow, piece: bytes | memoryview) -> None:
        """Bytes were forwarded: report the messages in them, and how many bytes at most one time in four per second."""
        if flow is self.down and not self._passing.gave_up:
            for run in self._passing.feed(piece):
                self._tell("passed", run)
            for status in self._passing.errors:
                self._observe("answer", link=self.number, status=status)
            self._passing.errors.clear()
            self._check_passing()
        now = monotonic()
        if now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            self._observe("bytes", link=self.number, bytes_up=self.up.given, bytes_down=self.down.given)

    def discarding(self, side: Side, unsent: int) -> None:
        """What was written to the page last goes with a RST: the messages in it have not passed."""
        if side is self.page:
            for run in self._passing.beyond(self.down.given - unsent):
                self._tell("discarded", run)

    def ended(self, flow: Flow, how: End) -> None:
        """A direction's end has come out of its flow."""
        if how is End.RESET:
            flow.sink.reset()
        else:
            flow.sink.fin()
            if not (self.up.finished and self.down.finished):
                return
            self.page.finish()
            self.server.finish()
        self._end(*self._began_to_end)

    def used_up(self, how: Cut) -> None:
        """The last byte a truncation allows was forwarded."""
        if how == "close":
            self.cut("close")
        else:
            self._reset_when_sent(monotonic() + budgets.PROXY.seconds)

    def _reset_when_sent(self, latest: float) -> None:
        """A RST discards what the kernel has not sent, so a truncation's last bytes go first."""
        if self.page.unsent and monotonic() < latest:
            self._poll = asyncio.get_running_loop().call_later(POLL_S, self._reset_when_sent, latest)
        else:
            self.cut("reset")

    def _requested(self, request: Request) -> None:
        self._request = request
        self._observe(
            "request",
            link=self.number,
            method=request.method,
            target=request.target,
            last_event_id=request.last_event_id,
        )
        if request.method == "HEAD" and not self._passing.gave_up:
            self._passing.asked_for_head()
            self._check_passing()
        if self._awaited is None or not self._awaited[1](request):
            return
        fault, _ = self._awaited
        if isinstance(fault, Close | Reset):
            self.cut(fault.how)
        else:
            self.shape(fault)

    def _tell(self, kind: Literal["passed", "discarded"], run: Run) -> None:
        sizes = {} if run.first == run.last else {"smallest": run.smallest, "largest": run.largest}
        self._observe(
            kind,
            link=self.number,
            epoch=run.epoch,
            first=run.first,
            last=run.last,
            bytes=run.bytes,
            **sizes,
            **self._far,
        )

    def _check_passing(self) -> None:
        """Say it once, when from now on nobody knows what passes."""
        if self._passing.gave_up:
            self._observe("unread", link=self.number, because=self._passing.gave_up)

    @property
    def _began_to_end(self) -> tuple[By, How]:
        assert self._first_end is not None  # noqa: S101 - ends come from heard_end and connect, which set it
        return self._first_end

    def _end(self, by: By, how: How) -> None:
        self._ended_as = how
        self.up.close()
        self.down.close()
        if self._poll is not None:
            self._poll.cancel()
        self._observe(
            "link-end",
            link=self.number,
            by=by,
            how=how,
            bytes_up=self.up.given,
            bytes_down=self.down.given,
        )
        self._on_end(self)
