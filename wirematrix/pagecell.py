"""What every live cell has, whatever it plays against: claims, measures, and a page whose log it waits on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wirematrix import checks
from wirematrix.budgets import DELIVER, NEVER_REOPENS, Budget
from wirematrix.checks import Check, Claim
from wirematrix.errors import EngineCrashed, NotReached, WirematrixError
from wirematrix.measures import Measure
from wirematrix.model import Cell
from wirematrix.probe import Probe
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits

if TYPE_CHECKING:
    from wirematrix.engines import EnginePage


class PageCell:
    """One attempt of one cell while it runs. It never decides.

    Waits do not raise when what they wait for never comes: they write it down, and the claims judge it at the
    end. Only a precondition raises NotReached, because nothing after it would mean anything.
    """

    one_transport = True  # the page has one at a time: when it is over, nothing more can come

    def __init__(self, cell: Cell, *, page: EnginePage, probe: Probe, recorder: Recorder, waits: Waits) -> None:
        self.cell = cell
        self.claims: list[Claim] = []
        self.measures: list[Measure] = []
        self._page = page
        self._probe = probe
        self._recorder = recorder
        self._waits = waits

    def judge(self, *claims: Check | Claim) -> None:
        """What this scenario claims; judged when it has ended, on all that was seen."""
        self.claims.extend(checks.must(claim) for claim in claims)

    def record(self, *measures: Measure) -> None:
        """What this scenario records about the engine, from all that was seen when it has ended."""
        self.measures.extend(measures)

    async def wait_for(
        self,
        *kinds: str,
        budget: Budget = DELIVER,
        count: int = 1,
        until_over: bool | None = None,
        since_break: bool = False,
        **match: Any,
    ) -> bool:
        """Wait for an entry of the page's log that matches; False when it cannot or did not come.

        `until_over` ends the wait when the transport is finished for good, or the stream that `match` names: the
        default where it is clear which. `since_break` looks only at what the page recorded after the last break.
        """
        wanted = {"kind": list(kinds or ("message",)), **match}
        options = {
            "from": self._probe.marked if since_break else 0,
            "count": count,
            "ms": budget.ms,
            "until_over": self.one_transport or "stream" in match if until_over is None else until_over,
        }
        end = await self._probe.ask("wait", [wanted, options], within=budget)
        described = " ".join(f"{key} {value}" for key, value in match.items())
        self._waits.account(
            f"page {' or '.join(wanted['kind'])} {described}".strip(),
            float(end["waited_ms"]),
            budget,
            met=bool(end["met"]),
        )
        return bool(end["met"])

    async def hears(self, kind: str = "message", *, budget: Budget = DELIVER, **match: Any) -> None:
        """A precondition: wait for an entry, NotReached without it."""
        if not await self.wait_for(kind, budget=budget, **match):
            raise NotReached(str(match or kind), checks.how_it_ended(self._recorder.timeline()))

    async def watch(self, budget: Budget = NEVER_REOPENS) -> None:
        """Watch the page for a while in which nothing should happen; what does is in the timeline."""
        options = {"from": self._probe.read, "ms": budget.ms}
        await self._probe.ask("wait", [{"kind": ["opening", "open"]}, options], within=budget)
        self.note("watched", budget_ms=budget.ms)

    async def leave(self, how: str) -> None:
        """Make the page go away: "closed", "navigated" or "killed" (the engine, by SIGKILL)."""
        await self._probe.collect()
        self._probe.lives = False
        self.note("left", how=how)
        match how:
            case "closed":
                await self._page.close()
            case "navigated":
                await self._page.navigate_away()
            case "killed":
                await self._page.engine.kill()
            case _:
                raise WirematrixError(f"leave: got {how!r}; expected closed, navigated or killed")

    async def follow_link(self, url: str) -> None:
        """Leave for another page as by a link in this one. Until `go_back` the page cannot be asked."""
        await self._probe.collect()
        self._probe.mark()
        self._probe.lives = False
        self.note("away", by="link")
        await self._page.follow_link(url)

    async def go_back(self, to: str) -> bool:
        """By the history to the page that was left, whose address is `to`: whether it was restored, not loaded anew."""
        await self._page.go_back(to)
        kept = await self._probe.returned()
        self.note("back", document="restored" if kept else "loaded anew")
        return kept

    async def hide(self) -> None:
        """Put another tab in front of the page, in a launch marked `background` only; the page knows it on return."""
        await self._page.hide()
        self.note("hidden")

    async def show(self) -> None:
        """Bring the page to the front again; it knows it on return."""
        await self._page.show()
        self.note("shown")

    async def set_offline(self, *, offline: bool) -> None:
        """Have the engine pretend to be without a network, or end that; how it does it is in the timeline."""
        means = await self._page.set_offline(offline=offline)
        self.note("offline" if offline else "online", means=means)

    async def fall_asleep(self) -> None:
        """Stop every process of the engine, as the sleep of a machine would. For scenarios marked `own_engine`."""
        await self._probe.collect()
        self._probe.mark()
        self.note("asleep")
        await self._page.engine.suspend()

    async def wake(self) -> None:
        """Let the engine go on."""
        await self._page.engine.resume()
        self.note("awake")

    def note(self, kind: str, /, **detail: Any) -> None:
        """An observation of the scenario's own, of source "driver"."""
        self._recorder.observe("driver", kind, **detail)

    async def collect(self) -> None:
        """The scenario has ended: bring in the rest of the page's log."""
        await self._probe.collect()
        self._probe.note_clock()

    def check(self) -> None:
        """Raise EngineCrashed if the page died while nobody was asking it anything."""
        if self._probe.lives and self._page.crashed.is_set():
            raise EngineCrashed(self.cell.engine, "the page died between two questions")
