"""The `cell` of a scenario about an engine: raw streams in the page, and an origin that controls every byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from wirematrix.budgets import ABSENT, DELIVER, NEVER_REOPENS, NOTICE, REOPEN, SERVER_NOTICE, Budget
from wirematrix.errors import BudgetSpent, WirematrixError
from wirematrix.lossy import Wire
from wirematrix.measures.reading import is_over, partings
from wirematrix.model import SAME_ORIGIN, Cell, Observation
from wirematrix.origin import CLOSE, HOST, Exchange, Origin, Script
from wirematrix.origin.frames import read_frame
from wirematrix.pagecell import PageCell
from wirematrix.probe import Probe
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits
from wirematrix.way import Way

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage

RAW_PAGE = "/static/raw.html"
FRAMES = "/static/raw/"
STREAM = "/stream"
CLOCK = "/clock"
TRIPS = 20


class RawCell(PageCell):
    """A cell that plays against an origin of its own.

    Streams have names; the first is usually "a". Their entries in the page's log carry the name as `stream`.
    """

    one_transport = False

    def __init__(
        self,
        cell: Cell,
        *,
        origin: Origin,
        wire: Wire | None = None,
        way: Way | None = None,
        page: EnginePage,
        probe: Probe,
        recorder: Recorder,
        waits: Waits,
    ) -> None:
        super().__init__(cell, page=page, probe=probe, recorder=recorder, waits=waits)
        self.origin = origin
        self._wire = wire  # of a `packet-loss` network
        self._way = way  # of a network that leads over a route: where the page finds the origin

    @property
    def page_url(self) -> str:
        """Where the page is: in the streams' origin, or in another one."""
        if self._way is not None and self.cell.relation == SAME_ORIGIN:
            return f"{self._way.origin}{RAW_PAGE}"
        port = self.origin.port if self.cell.relation == SAME_ORIGIN else self.origin.page_port
        return f"http://{self.origin.host}:{port}{RAW_PAGE}"

    def serve(self, *scripts: Script, place: str = STREAM) -> None:
        """Answer the first request of a path by the first script, and so on; the last answers all that follow."""
        self.origin.serve(place, *scripts)

    def url(
        self, place: str = STREAM, *, scheme: str = "http", host: str | None = None, port: int | None = None
    ) -> str:
        """The address of a path of the origin, over the cell's route unless host or port is named."""
        if self._way is not None and host is None and port is None:
            kind, _, place_of_way = self._way.origin.partition("://")
            secure = "s" if kind == "https" else ""
            return f"{scheme}{secure}://{place_of_way}{place}"
        return f"{scheme}://{host or self.origin.host}:{port or self.origin.port}{place}"

    async def visit(self, url: str | None = None, *, host: str = HOST) -> None:
        """Load the raw page, here or elsewhere; the entries of the page before are in the timeline.

        With `host` "localhost" it is the same page of the same server on another site: a site is a scheme and a name.
        """
        await self._probe.visit(url or self.page_url.replace(HOST, host), needs=self.cell.transport.rstrip("+"))

    def stream_url(self, place: str = STREAM, *, host: str | None = None, port: int | None = None) -> str:
        """The address of a path of the origin for the cell's transport."""
        scheme = "ws" if self.cell.transport == "websocket" else "http"
        return self.url(place, scheme=scheme, host=host, port=port)

    async def open(
        self,
        name: str = "a",
        place: str = STREAM,
        *,
        transport: str | None = None,
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> None:
        """Open a raw stream; does not wait for anything. `options` are the transport's, see static/raw/streams.js.

        With the option `at_once` the page closes it in the same breath.
        """
        wanted = self._wanted(name, place, transport=transport, host=host, port=port, **options)
        await self.ask("open", wanted)

    async def open_all(
        self, *names: str, place: str | None = None, transport: str | None = None, **options: Any
    ) -> None:
        """Open several streams in one breath, each on the path of its name or all on one; waits for none of them."""
        await self.ask("openAll", [self._wanted(name, place, transport=transport, **options) for name in names])

    async def open_in_turn(
        self,
        *names: str,
        until: Iterable[str] = ("over", "error"),
        ports: Mapping[str, int] | None = None,
        budget: Budget = REOPEN,
        **options: Any,
    ) -> None:
        """Open streams one after the other, each on the path of its name; the page closes each before the next.

        A stream's turn ends with an entry of one of the kinds `until`; all turns together have the budget. `ports` are
        those of streams that do not go to the origin's own.
        """
        turns = [self._wanted(name, port=(ports or {}).get(name), **options) for name in names]
        await self.ask("inTurn", {"streams": turns, "until": list(until), "ms": budget.ms}, within=budget)

    async def open_elsewhere(self, name: str, *, scope: str, host: str = HOST, **options: Any) -> None:
        """Open a stream, on the path of its name, in a worker or frame: `scope` is dedicated, shared, service or frame.

        Does not wait for the stream; what it emits are entries of kind "elsewhere". A frame is one of `host`.
        """
        wanted = self._wanted(name, host=host, **options)
        await self.ask("openElsewhere", {**wanted, "scope": scope, "page": self.url(FRAMES, host=host)})

    async def open_in_further_tab(self) -> str:
        """A further tab of the same user opens the cell's stream: "open", or what keeps it from that."""
        tab = await self._page.open_sibling()
        try:
            await tab.goto(self.page_url, budget_ms=ABSENT.ms)
        except BudgetSpent:
            return "its page does not load"
        asked = self.origin.asked(STREAM)
        await tab.evaluate("wanted => probe.verbs.open(wanted)", self._wanted("a", STREAM))
        return "open" if await self.asked(asked + 1, budget=ABSENT) else "its stream does not open"

    def _wanted(
        self,
        name: str,
        place: str | None = None,
        *,
        transport: str | None = None,
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        transport = transport or self.cell.transport
        scheme = "ws" if transport == "websocket" else "http"
        url = self.url(place or f"/{name}", scheme=scheme, host=host, port=port)
        return {"name": name, "transport": transport, "url": url, **options}

    async def open_channel(self, name: str, channel: str, *, port: int | None = None) -> None:
        """Open the cell's transport as our own client code does, with its envelopes and, with "+", its policy.

        It asks for /sse/<channel> or /ws/<channel>, by one of the project's own transports.
        """
        base = self.url("/", port=port)
        await self.ask("channel", {"name": name, "transport": self.cell.transport, "base": base, "channel": channel})

    async def ask(self, verb: str, argument: Any = None, *, within: Budget | None = None) -> Any:
        """Any other verb of the raw page (static/raw/page.js)."""
        return await self._probe.ask(verb, argument, within=within)

    async def script(self, source: str, argument: Any = None, *, within: Budget | None = None) -> Any:
        """Run a JavaScript function in the page, for what is no verb; `probe.record(kind, detail)` writes entries."""
        return await self._probe.run(source, argument, within=within)

    def reload(self) -> None:
        """Have the route's server read its configuration anew while connections live."""
        if self._way is None or self._way.route is None:
            raise WirematrixError(f"network {self.cell.network!r} leads over no server that could be told to reload")
        self.note("reload")
        self._way.route.reload()

    async def sharpen_clock(self) -> None:
        """Learn the page's clock to about a millisecond, by round trips on a WebSocket: latencies need it."""
        seen_ms: list[float] = []

        async def echoes(exchange: Exchange) -> None:
            socket = await exchange.upgrade()
            while (frame := await read_frame(exchange.connection.reader)).opcode != CLOSE:
                seen_ms.append(self._recorder.now_ms())
                await socket.frame(frame.opcode, frame.payload)
            await socket.frame(CLOSE, frame.payload)
            exchange.connection.close()

        self.serve(echoes, place=CLOCK)
        trips = await self.ask("trips", {"url": self.url(CLOCK, scheme="ws"), "times": TRIPS}, within=DELIVER)
        self._probe.sharpen((left, back, at_ms) for (left, back), at_ms in zip(trips, seen_ms, strict=True))

    async def close(self, name: str = "a", *, code: int | None = None, reason: str | None = None) -> None:
        """Have the page close a stream."""
        wanted = {"name": name, "code": code, "reason": reason}
        await self.ask("close", {key: value for key, value in wanted.items() if value is not None})

    async def sees(self, kind: str, *, count: int = 1, budget: Budget = DELIVER, **match: Any) -> bool:
        """Wait until the origin has seen something `count` times: a request, a frame, the peer's end."""
        missing = count

        def is_the_last(seen: Observation) -> bool:
            nonlocal missing
            missing -= all(seen.detail.get(key) == value for key, value in match.items())
            return missing <= 0

        return await self._seen(kind, where=is_the_last, budget=budget)

    async def parts(self, *, count: int = 1, budget: Budget = SERVER_NOTICE) -> bool:
        """Wait until the origin knows that the peer has left on `count` connections: close frame, FIN or RST."""

        def enough(_: Observation) -> bool:
            return len(partings(self._recorder.timeline())) >= count

        return await self._seen("peer-end", "frame", where=enough, budget=budget)

    async def asked(self, count: int, *, place: str = STREAM, budget: Budget = DELIVER) -> bool:
        """Wait until the origin has had `count` requests of a path."""

        def is_it(seen: Observation) -> bool:
            return str(seen.detail["target"]).partition("?")[0] == place and int(seen.detail["number"]) >= count

        return await self._seen("request", where=is_it, budget=budget)

    async def watch(self, budget: Budget = NEVER_REOPENS) -> None:
        """Watch page and origin for a while in which nothing should happen; whatever does is in the timeline."""
        await self._seen("request", where=lambda _: False, budget=budget)
        await self._probe.collect()
        self.note("watched", budget_ms=budget.ms)

    async def _seen(self, *kinds: str, where: Callable[[Observation], bool], budget: Budget) -> bool:
        """Wait for an observation of the origin's; without one raises what a script did wrong, or EngineCrashed."""
        found = await self._waits.until("server", *kinds, since_ms=0.0, budget=budget, where=where, alive=self.check)
        return found is not None

    async def outcome(self, name: str = "a", *, place: str = STREAM, count: int = 2, budget: Budget = REOPEN) -> None:
        """Wait until it is clear what becomes of a stream: it is asked for the `count`-th time, or the page knows that
        it is over. Where it is over the origin is watched for a while: no request may come after that.

        Several streams may be awaited at once (`asyncio.gather`), so that they are watched together.
        """
        await first_of(self.wait_for("over", stream=name, budget=budget), self.asked(count, place=place, budget=budget))
        asked = self.origin.asked(place)
        if asked >= count or not is_over(self._recorder.timeline(), name):
            return
        if not await self.asked(asked + 1, place=place, budget=NEVER_REOPENS):
            self.note("watched", stream=name, budget_ms=NEVER_REOPENS.ms)

    async def hears_again(self, name: str = "a", *, budget: Budget = NOTICE) -> bool:
        """Whether a stream hears what is pushed from now on; ends as well with its error or close since the break.

        What was kept for it while the page was away is older, and shows nothing.
        """
        pushed = [int(seen.detail["seq"]) for seen in self._recorder.timeline().of("server", "pushed")]
        newest = max(pushed, default=0)
        heard = False

        async def hears() -> bool:
            nonlocal heard
            heard = await self.wait_for(stream=name, seq={"min": newest + 1}, budget=budget)
            return heard

        await first_of(hears(), self.wait_for("error", "close", stream=name, since_break=True, budget=budget))
        return heard

    @asynccontextmanager
    async def losing_packets(self) -> AsyncIterator[None]:
        """Lose every packet between page and origin for the length of a block; over a `packet-loss` network only."""
        if self._wire is None:
            raise WirematrixError(f"network {self.cell.network!r} has no wire whose packets can be lost")
        self._probe.mark()
        self.note("break", network=self.cell.network, page_entries=self._probe.marked)
        async with self._wire.losing():
            yield
        self.note("mended", network=self.cell.network, cut=False, page_entries=self._probe.read)

    def check(self) -> None:
        """Raise what went wrong in a script or a route's server (ours), or EngineCrashed if the page died."""
        self.origin.check()
        super().check()
        if self._way is not None:
            self._way.check_alive()


async def first_of(*waits: Coroutine[Any, Any, bool]) -> None:
    """Return when one of several waits has ended, and give up the others; raises what it raised."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
