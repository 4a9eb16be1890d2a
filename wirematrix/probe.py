"""The driver's handle on the page's probe: ask it, wait in it, bring its log into the timeline.

Waiting happens inside the page, where entries wake it; nothing polls. What the page recorded comes back with
every answer, so that a page that dies takes little with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wirematrix.budgets import EVALUATE, Budget
from wirematrix.errors import Unsupported, WirematrixError
from wirematrix.pageclock import PageClock
from wirematrix.timeline import Recorder

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage

# The answer is one JSON text: a thousand entries as objects cost Firefox thirty times as much on their way.
ASK = """async ([verb, argument, from]) => {
  const began = performance.now();
  const end = await VERB(argument);
  return JSON.stringify({end: end ?? null, began, now: performance.now(), entries: probe.read(from)});
}"""
LOADED = """() => document.readyState === "complete" || new Promise(loaded => addEventListener("load", loaded))"""
CLOCK_AND_APIS = "() => ({origin: performance.timeOrigin, supports: probe.supports()})"
INVENTED = "unknown-api"  # the page asks for an API that nobody has, too: a probe that finds it finds anything


class Probe:
    """One document's probe."""

    def __init__(self, page: EnginePage, recorder: Recorder) -> None:
        self._page = page
        self._recorder = recorder
        self._clock: PageClock | None = None
        self._origin_ms = 0.0  # when the document began, by its own account
        self._begins = 0  # how many facts were recorded when this document was loaded; its clock is its own
        self.read = 0  # how many of the page's entries are in the timeline
        self.marked = 0  # how many were, when the network last broke: what the page says next is said after it
        self.lives = False

    def mark(self) -> None:
        """The network breaks now."""
        self.marked = self.read

    async def visit(self, url: str, *, needs: str) -> None:
        """Load the probe page, learn its clock, and see that the engine has the API a transport needs.

        Raises Unsupported if it has not, WirematrixError if the probe of the APIs cannot be believed.
        """
        await self.collect()  # of the document before, if there was one
        await self._page.goto(url)
        said = await self._page.evaluate(CLOCK_AND_APIS)
        self._meet(float(said["origin"]))
        if said["supports"][INVENTED]:
            raise WirematrixError("the page's probe of the APIs found one that does not exist")
        if not said["supports"][needs]:
            raise Unsupported(self._page.engine.build.product, needs)
        await self.ask("read", None)

    async def returned(self) -> bool:
        """A document was left and its address came back: whether it is the same one, with its log and its clock.

        Of two documents of an attempt none began at the same instant.
        """
        await self._page.evaluate(f"async () => {{ await ({LOADED})(); }}")
        said = await self._page.evaluate(CLOCK_AND_APIS)
        kept = float(said["origin"]) == self._origin_ms
        if kept:
            self.lives = True
        else:
            self._meet(float(said["origin"]))
        await self.ask("read", None)
        return kept

    def _meet(self, origin_ms: float) -> None:
        """A new document: its log is empty, its clock unknown."""
        self.read = self.marked = 0
        self._begins = self._recorder.count
        self._origin_ms = origin_ms
        self._clock = PageClock(self._recorder.from_epoch_ms(origin_ms))
        self.lives = True

    async def ask(self, verb: str, argument: Any, *, within: Budget | None = None) -> Any:
        """Do something in the page and take in what it recorded meanwhile.

        `within` is how long the page itself may take. Raises EngineCrashed or BudgetSpent.
        """
        return await self._run("probe.verbs[verb]", verb, argument, within)

    async def run(self, script: str, argument: Any, *, within: Budget | None = None) -> Any:
        """The same with a function of JavaScript that takes the argument, for what is no verb of the page."""
        return await self._run(f"({script})", "", argument, within)

    async def _run(self, function: str, verb: str, argument: Any, within: Budget | None) -> Any:
        asked_ms, first = self._recorder.now_ms(), self.read
        budget_ms = EVALUATE.ms + (within.ms if within else 0)
        asking = ASK.replace("VERB", function)
        answer = json.loads(await self._page.evaluate(asking, [verb, argument, first], budget_ms=budget_ms))
        if self._clock:
            self._bracket(
                self._clock,
                asked_ms=asked_ms,
                began=answer["began"],
                now=answer["now"],
                answered_ms=self._recorder.now_ms(),
            )
            for number, entry in enumerate(answer["entries"], first):
                if number >= self.read:  # another question's answer may have brought it meanwhile
                    self._take(number, entry, self._clock.offset_ms)
        self.read = max(self.read, first + len(answer["entries"]))
        return answer["end"]

    def sharpen(self, trips: Iterable[tuple[float, float, float]]) -> None:
        """Round trips of the page to somebody on our clock: left and came back in the page's time, seen in ours."""
        for left, back, seen_ms in trips:
            if self._clock:
                self._bracket(self._clock, asked_ms=seen_ms, began=back, now=left, answered_ms=seen_ms)

    def _bracket(self, clock: PageClock, **readings: float) -> None:
        before_ms = clock.offset_ms
        clock.bracket(**readings)
        self._recorder.shift("page", clock.offset_ms - before_ms, behind=self._begins)

    async def collect(self) -> None:
        """Bring the rest of the page's log into the timeline, if there still is a page to ask."""
        if self.lives:
            await self.ask("read", None)

    def note_clock(self) -> None:
        """Say in the timeline how well the page's clock is known."""
        if self._clock:
            self._recorder.observe("driver", "clock", uncertainty_ms=round(self._clock.uncertainty_ms, 1))

    def _take(self, number: int, entry: dict[str, Any], offset_ms: float) -> None:
        at_ms = float(entry.pop("at")) + offset_ms
        self._recorder.observe("page", str(entry.pop("kind")), at_ms=at_ms, n=number, **entry)
