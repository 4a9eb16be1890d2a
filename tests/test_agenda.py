"""The agenda: whatever is asked for comes to its end, in an order that is right, and nothing is begun in vain."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import attempt, cell, job
from tests.timelines import steady
from wirematrix.agenda import BLOCKING, Agenda, Wishes
from wirematrix.attempts import Job, not_reached
from wirematrix.model import Attempt, Cell, Expectation, Status

ENGINES: Final = ("chromium", "firefox")
TRANSPORTS: Final = ("eventsource", "websocket")
SCENARIOS: Final = ("opens", "reopens", "resumes", "survives")


EVERY: Final = tuple(cell(*axes) for axes in product(SCENARIOS, ENGINES, TRANSPORTS))


def needs_of(cells: Sequence[Cell], pairs: Mapping[str, str]) -> Mapping[Cell, tuple[Cell, ...]]:
    """Needs by scenario, as a matrix would have them among these cells."""
    needed = {one: cell(pairs[one.scenario], one.engine, one.transport) for one in cells if one.scenario in pairs}
    return {one: (other,) for one, other in needed.items() if other in cells}


@dataclass(kw_only=True)
class Player:
    """Makes attempts as a runner does, so many at once; ends them by chance, and writes down what it did."""

    agenda: Agenda
    places: int
    statuses: Mapping[Cell, Status] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    live: list[Job] = field(default_factory=list)
    begun: list[Job] = field(default_factory=list)
    alone: list[Job] = field(default_factory=list)
    ended: dict[tuple[Cell, int], Attempt] = field(default_factory=dict)

    def play(self, *, moves: int = 10_000) -> None:
        """To the end, or for so many moves."""
        self.tell_unreached()
        for _ in range(moves):
            taken = self.agenda.take(ENGINES) if len(self.live) < self.places else None
            if taken:
                self.live.append(taken)
                self.begun.append(taken)
            elif self.live:
                self.end(self.live.pop(self.chance.randrange(len(self.live))))
            else:
                break
        else:
            return
        for retry in self.agenda.retries():
            self.alone.append(retry)
            self.end(retry)

    def end(self, one: Job) -> None:
        """An attempt ends as its cell is told to."""
        status = self.statuses.get(one.cell, Status.PASS)
        self.note(attempt(one.cell, status, one.number, isolated=one.isolated))
        self.tell_unreached()

    def tell_unreached(self) -> None:
        """Attempts that are not made end, too."""
        for one, needed in self.agenda.unreached():
            self.note(not_reached(one, needed, Expectation()))

    def note(self, made: Attempt) -> None:
        """Every attempt ends once."""
        assert (made.cell, made.number) not in self.ended
        self.ended[made.cell, made.number] = made
        self.agenda.ended(made)


cells_asked = st.lists(st.sampled_from(EVERY), unique=True, max_size=len(EVERY))
what_needs_what = st.sampled_from(
    [
        {},
        {"reopens": "opens", "resumes": "opens", "survives": "opens"},
        {"reopens": "opens", "resumes": "reopens", "survives": "resumes"},
        {"opens": "survives"},
    ]
)


@steady
@given(
    asked=cells_asked,
    pairs=what_needs_what,
    statuses=st.dictionaries(st.sampled_from(EVERY), st.sampled_from(Status)),
    took_ms=st.dictionaries(st.sampled_from(EVERY).map(lambda one: one.id), st.floats(0.1, 1e6)),
    places=st.integers(1, 5),
    repeat=st.integers(1, 3),
    retry_isolated=st.booleans(),
    killed_after=st.none() | st.integers(0, 12),
    chance=st.randoms(use_true_random=False),
)
def test_everything_comes_to_its_end(
    *,
    asked: list[Cell],
    pairs: Mapping[str, str],
    statuses: Mapping[Cell, Status],
    took_ms: Mapping[str, float],
    places: int,
    repeat: int,
    retry_isolated: bool,
    killed_after: int | None,
    chance: random.Random,
) -> None:
    """Whatever was selected, in whatever order and however it ends, killed in the middle and resumed or not.

    Every cell gets its attempts, once each; no cell begins before what it needs has ended, nor after that has failed.
    """
    wishes = Wishes(repeat=repeat, retry_isolated=retry_isolated, needs=needs_of(asked, pairs), took_ms=took_ms)
    jobs, kept = [job(one) for one in asked], dict[tuple[Cell, int], Attempt]()
    if killed_after is not None:
        killed = Player(agenda=Agenda(jobs, wishes), places=places, statuses=statuses, chance=chance)
        killed.play(moves=killed_after)
        kept = killed.ended
    agenda = Agenda(jobs, wishes, kept.values())
    player = Player(agenda=agenda, places=places, statuses=statuses, chance=chance)
    player.play()
    assert (agenda.left, agenda.to_begin, agenda.can_begin(ENGINES), agenda.retries()) == (0, 0, False, ())
    assert all(agenda.is_complete(one) for one in asked)
    made = {**kept, **player.ended}
    assert Counter(one for one, _ in made) == {
        one: repeat + (retry_isolated and any(not each.verdict.expected for each in agenda.attempts_of(one)))
        for one in asked
    }
    for one in asked:
        for each in agenda.attempts_of(one):
            foundations = (
                [made[needed, each.number] for needed in wishes.needs.get(one, ())] if not each.isolated else []
            )
            failed = any(other.verdict.status in BLOCKING for other in foundations)
            assert bool(each.verdict.builds_on) == failed


def begun(agenda: Agenda) -> list[str]:
    """The scenarios (or ids, of several engines) in the order in which an agenda lets them begin."""
    player = Player(agenda=agenda, places=100)
    player.play()
    return [f"{one.cell.scenario} {one.number}" for one in player.begun]


def test_long_cells_begin_first() -> None:
    """What others need comes first, then what nobody has timed, then the longest."""
    asked = [job(cell(name)) for name in ("reopens", "resumes", "survives", "opens")]
    took_ms = {cell("reopens").id: 10.0, cell("survives").id: 900.0, cell("opens").id: 1.0}
    needs = {cell("reopens"): (cell("opens"),)}
    assert begun(Agenda(asked, Wishes(took_ms=took_ms, needs=needs))) == [
        "opens 1",
        "resumes 1",
        "survives 1",
        "reopens 1",
    ]


def test_without_times_the_order_is_the_matrix() -> None:
    """Cells that nobody has timed begin as they were asked for."""
    asked = [job(cell(name)) for name in ("survives", "opens", "reopens")]
    assert begun(Agenda(asked)) == ["survives 1", "opens 1", "reopens 1"]


def test_repeats_are_spread_over_the_run() -> None:
    """The second attempt of all comes after the first of all, however long the cells are."""
    asked = [job(cell(name)) for name in ("opens", "reopens")]
    took_ms = {cell("reopens").id: 900.0, cell("opens").id: 1.0}
    assert begun(Agenda(asked, Wishes(repeat=3, took_ms=took_ms))) == [
        "reopens 1",
        "opens 1",
        "reopens 2",
        "opens 2",
        "reopens 3",
        "opens 3",
    ]


def test_engines_share_the_places() -> None:
    """Of two engines with as much to do, each has half of what lives; what has more to do has more."""
    asked = [job(cell(name, engine)) for name in SCENARIOS for engine in ENGINES]
    agenda = Agenda(asked)
    taken = [agenda.take(ENGINES) for _ in range(4)]
    assert Counter(one.cell.engine for one in taken if one) == {"chromium": 2, "firefox": 2}
    agenda = Agenda([job(one) for one in EVERY if one.engine == "firefox" or one.scenario == "opens"])
    taken = [agenda.take(ENGINES) for _ in range(5)]
    assert Counter(one.cell.engine for one in taken if one) == {"firefox": 4, "chromium": 1}


def test_only_engines_that_are_up_get_cells() -> None:
    """An engine that is not named waits; that it waits keeps nobody else from beginning."""
    agenda = Agenda([job(cell("opens", "chromium")), job(cell("opens"))])
    assert agenda.engines == ("chromium", "firefox")
    assert agenda.take([]) is None
    taken = agenda.take(["firefox"])
    assert taken is not None
    assert taken.cell.engine == "firefox"
    assert agenda.take(["firefox"]) is None
    assert agenda.can_begin(["chromium"])


@pytest.mark.parametrize("status", Status)
def test_what_a_failed_foundation_blocks(status: Status) -> None:
    """What the engine did wrong blocks what builds on it; an error, which is ours, and a skip do not."""
    needs = {cell("reopens"): (cell("opens"),), cell("resumes"): (cell("reopens"),)}
    player = Player(
        agenda=Agenda([job(cell(name)) for name in SCENARIOS], Wishes(needs=needs)),
        places=1,
        statuses={cell("opens"): status},
    )
    player.play()
    blocked = {made.cell.scenario for made in player.ended.values() if made.verdict.builds_on}
    blocks = status in (Status.FAIL, Status.TIMEOUT, Status.CRASH, Status.UNSUPPORTED, Status.NOT_REACHED)
    assert blocked == ({"reopens", "resumes"} if blocks else set())


def test_a_cell_names_the_first_that_failed() -> None:
    """A cell at the end of a row names the cell that failed, and its sentence, not the one that was not begun."""
    needs = {cell("reopens"): (cell("opens"),), cell("resumes"): (cell("reopens"),)}
    agenda = Agenda([job(cell(name)) for name in SCENARIOS], Wishes(needs=needs))
    Player(agenda=agenda, places=1, statuses={cell("opens"): Status.FAIL}).play()
    (last,) = agenda.attempts_of(cell("resumes"))
    sentence = "builds on opens[firefox-websocket-direct], which ended as fail: so it was told"
    assert (last.verdict.status, last.verdict.because) == (Status.NOT_REACHED, sentence)
    assert (last.verdict.builds_on, last.verdict.expected) == (cell("opens").id, True)


def test_an_attempt_builds_on_the_attempt_of_its_number() -> None:
    """Of repeats only those are not made whose own foundation failed."""
    agenda = Agenda(
        [job(cell("opens")), job(cell("reopens"))], Wishes(repeat=2, needs={cell("reopens"): (cell("opens"),)})
    )
    for number, status in ((1, Status.FAIL), (2, Status.PASS)):
        assert agenda.take(ENGINES)
        agenda.ended(attempt(cell("opens"), status, number))
    assert [(one.cell, one.number) for one, _ in agenda.unreached()] == [(cell("reopens"), 1)]
    taken = agenda.take(ENGINES)
    assert taken
    assert (taken.cell, taken.number) == (cell("reopens"), 2)


def test_a_resumed_foundation_counts() -> None:
    """A foundation that failed before the run was killed blocks what is left; one that passed lets it begin."""
    wishes = Wishes(needs={cell("reopens"): (cell("opens"),)})
    asked = [job(cell("opens")), job(cell("reopens"))]
    agenda = Agenda(asked, wishes, [attempt(cell("opens"), Status.TIMEOUT)])
    assert (agenda.take(ENGINES), agenda.to_begin) == (None, 0)
    assert [one.cell for one, _ in agenda.unreached()] == [cell("reopens")]
    assert Agenda(asked, wishes, [attempt(cell("opens"))]).can_begin(ENGINES)


def test_resuming_makes_only_the_missing_attempts() -> None:
    """Attempts that are there are not made again, and no number is given twice, one made alone included."""
    kept = [attempt(cell("opens"), Status.FAIL), attempt(cell("opens"), Status.PASS, 2, isolated=True)]
    player = Player(agenda=Agenda([job(cell("opens"))], Wishes(repeat=3), kept), places=1)
    player.play()
    assert [one.number for one in player.begun] == [3, 4]
    fewer = Agenda([job(cell("opens"))], Wishes(repeat=1), [attempt(cell("opens"), number=number) for number in (1, 2)])
    assert (fewer.left, len(fewer.attempts_of(cell("opens")))) == (0, 2)


def test_unexpected_cells_are_retried_alone() -> None:
    """Each gets one more attempt, its engine's together, whether it surprised now or before the run was killed."""
    asked = [job(cell("opens")), job(cell("opens", "chromium")), job(cell("reopens")), job(cell("resumes"))]
    wishes = Wishes(retry_isolated=True)
    player = Player(
        agenda=Agenda(asked, wishes, [attempt(cell("reopens"), Status.CRASH)]),
        places=2,
        statuses={cell("opens"): Status.FAIL, cell("opens", "chromium"): Status.ERROR},
    )
    player.play()
    assert [(one.cell.engine, one.cell.scenario, one.number, one.isolated) for one in player.alone] == [
        ("chromium", "opens", 2, True),
        ("firefox", "opens", 2, True),
        ("firefox", "reopens", 2, True),
    ]
    resumed = Agenda(asked, wishes, player.ended.values())
    assert resumed.left == 1  # the one of which the killed run had told
    assert Agenda(asked, wishes, [*player.ended.values(), attempt(cell("reopens"))]).retries() == ()


def test_nothing_is_retried_unasked() -> None:
    """Without the wish there are no attempts alone, and a surprised cell is complete."""
    agenda = Agenda([job(cell("opens"))])
    Player(agenda=agenda, places=1, statuses={cell("opens"): Status.FAIL}).play()
    assert agenda.is_complete(cell("opens"))
    assert len(agenda.attempts_of(cell("opens"))) == 1
