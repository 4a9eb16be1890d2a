"""Whatever the matrix says and whatever was seen: an update keeps its promises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.upkeep.given import attempt, build, run
from wirematrix.errors import InvalidInput
from wirematrix.expectations import comparable
from wirematrix.matrix import Matrix, parse
from wirematrix.model import Attempt, Build, Cell, Run, Status
from wirematrix.upkeep import Switches, Update, update
from wirematrix.upkeep.sightings import build_key

HEAD = """\
# the matrix   (spaces before this are kept, and so are strange   alignments)
engines:
  - {name: chromium, required:   true}
  - {name: webkit, required: true}
  - {name: chrome, required: false}
transports: [eventsource, websocket, websocket+]
networks:
  direct: {title: nothing is in the way, kind: direct}
  close: {title: 'an orderly end', kind: close}
scenarios:
  opens: {networks: direct}
  reopens:
    networks: [close, direct]
    transports: [websocket+, websocket]
  sends: {networks: [direct, close], transports: websocket, relations: [same-origin, cross-origin]}
"""
EXCLUSIONS = "exclusions:\n  - {cells: {scenario: reopens, engine: webkit, network: close}, because: no meaning}\n"
LAST_COMMENT = "  # at the end"
MOST_ENTRIES = 8
AXES = {
    "scenario": ["opens", "reopens", "sends"],
    "engine": ["chromium", "webkit", "chrome"],
    "transport": ["eventsource", "websocket", "websocket+"],
    "network": ["direct", "close"],
    "relation": ["same-origin", "cross-origin"],
}
OFTEN_NAMED = [
    *[("scenario",), ("scenario", "engine"), ("scenario", "transport"), ("scenario", "engine", "transport")],
    *[("scenario",), ("scenario", "network"), ("transport",), tuple(AXES)],
]
POOL = (
    build("chromium", "150.0.1"),
    build("chromium", "160"),
    build("chromium", "150.0.1", "system"),
    build("webkit", "2.50.6", "system"),
    build("webkit", "2.52", "system"),
    build("webkit", "26.0"),
    build("chrome", "150.0.1", "channel"),
    build("webkit", "trunk", "system"),
)
USUAL = (POOL[0], POOL[3])
WORDS = ["pass", "fail", "timeout", "crash"]
CONDITIONS = ["origin: system", "origin: playwright", 'version: ">=150.0.1"', 'version: "<2.51"', 'version: ">=2,<155"']


@dataclass
class Written:
    """A matrix as text, and which entries each of its comments belongs to; no entry: it always stays."""

    text: str
    owners: dict[str, set[int]] = field(default_factory=dict)
    entries: int = 0


def reason(draw: st.DrawFn, number: int, below: str) -> str:
    """A reason in one of YAML's ways to write text."""
    words = f"reason {number}, it's so"
    return draw(
        st.sampled_from(
            [
                f"reason {number} it's so",
                f'"{words}"',
                f"'reason {number}: it''s so'",
                f">\n{below}  {words}\n{below}  and goes on",
                f"|-\n\n{below}    {words}",
                f"reason {number} it's\n{below}  so and goes on",
            ]
        )
    )


def entry(draw: st.DrawFn, number: int) -> str:
    """An expectation, in one of many layouts; `#` stands for a comment."""
    chosen = draw(st.sampled_from(OFTEN_NAMED))
    cells = {axis: draw(st.lists(st.sampled_from(AXES[axis]), min_size=1, max_size=2, unique=True)) for axis in chosen}
    statuses = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True))
    condition = draw(st.sampled_from([*[""] * 8, *CONDITIONS]))
    if "version" in condition:
        cells["engine"] = [draw(st.sampled_from(AXES["engine"]))]
    words = ", ".join(f"{axis}: [{', '.join(names)}]" for axis, names in cells.items())
    if draw(st.integers(0, 4)) == 0:
        building = f", build: {{{condition}}}" if condition else ""
        listed = f"[{', '.join(statuses)}]"
        return (
            f"  - {{cells: {{{words}}}, status: {listed}{building}, because: reason {number} so, see: docs/x.md}}  #\n"
        )
    status = draw(
        st.sampled_from(
            [
                statuses[0] if len(statuses) == 1 else f"[{', '.join(statuses)}]",
                "".join(f"\n      - {each}" for each in statuses),
            ]
        )
    )
    lines = [f"status: {status}", f"because: {reason(draw, number, '    ')}", "see: docs/x.md  #"]
    if condition:
        lines.insert(draw(st.integers(0, 2)), f"build: {{{condition}}}")
    if draw(st.booleans()):
        lines.insert(1, "#")
    first = f"cells: {{{words}}}" + draw(st.sampled_from(["", "  #"]))
    dash = draw(st.sampled_from(["  - ", "  -\n    "]))
    return dash + "\n    ".join([first, *lines]) + "\n" + draw(st.sampled_from(["", "", "      #\n"]))


@st.composite
def matrices(draw: st.DrawFn) -> Written:
    """A file that loads, with comments in many places."""
    head = HEAD + (EXCLUSIONS if draw(st.booleans()) else "")
    written = Written(head + draw(st.sampled_from(["", "expectations: []\n", "expectations:  []  # none\n"])))
    block: set[int] = set()

    def with_comments(text: str, owners: set[int]) -> str:
        def comment(_: re.Match[str]) -> str:
            token = f"# note{len(written.owners)}."
            written.owners[token] = owners
            return token

        return re.sub("#(?!.*note)", comment, text)

    for number in range(draw(st.sampled_from([0, 2, 4, 6, MOST_ENTRIES]))):
        text = entry(draw, number)
        start = f"{head}expectations:\n" if not written.entries else written.text
        try:
            parse((start + re.sub("#", "", text)).encode(), "matrix.yaml")
        except InvalidInput:
            continue  # it disagrees with another, or means no cell
        gap = draw(st.sampled_from(["", "", "\n", "  #\n", "\n  #\n", "\n#\n  #\n", "  #\n\n", "\n#\n\n  #\n"]))
        if gap:
            block = set()
        free, _, heading = gap.rpartition("#\n\n")
        free += "#\n\n" if "#\n\n" in gap else ""
        block.add(number)
        start += with_comments(free, set()) + with_comments(heading, block) + with_comments(text, {number})
        written.text, written.entries = start, written.entries + 1
    if written.entries and draw(st.booleans()):
        written.text += f"\n{LAST_COMMENT}\n" + ("" if "\nexclusions" in head else f"# next\n{EXCLUSIONS}")
        try:
            parse(written.text.encode(), "matrix.yaml")
        except InvalidInput:
            written.text = written.text.replace(EXCLUSIONS, "")
    if draw(st.integers(0, 9)) == 0:
        written.text = written.text.replace("\n", "\r\n")
    return written


ENDINGS = st.sampled_from(
    [
        ["pass"],
        ["pass", "pass"],
        ["fail"],
        ["fail"],
        ["timeout"],
        ["crash"],
        ["fail", "fail", "pass"],
        ["timeout", "pass"],
    ]
)
CHANCE = st.lists(st.sampled_from([*WORDS, "error", "skip"]), max_size=3)


@st.composite
def runs_of(draw: st.DrawFn, matrix: Matrix) -> list[Run]:
    """Some runs of some builds: usually whole, and often all cells of an expectation end alike."""
    runs = []
    for one in draw(st.sampled_from([USUAL, USUAL, USUAL, POOL[:3], POOL[:-1], POOL])):
        if not draw(st.sampled_from([True, True, True, False])):
            continue
        by_scenario = {name: draw(ENDINGS) for name in matrix.scenarios}
        by_claim = [(claim, draw(ENDINGS)) for claim in matrix.expectations if draw(st.booleans())]
        whole = draw(st.integers(0, 3))
        attempts: list[Attempt] = []
        for cell in matrix.cells([one.engine]):
            words = by_scenario[cell.scenario]
            for claim, instead in by_claim:
                words = instead if claim.selector.matches(cell) else words
            if not whole and draw(st.integers(0, 3)) == 0:
                words = draw(CHANCE)
            attempts += [attempt(cell, Status(word), number=place + 1) for place, word in enumerate(words)]
        runs.append(run(attempts, [one]))
    return runs


@dataclass
class Case:
    """A file, runs, switches, and the outcome."""

    written: Written
    runs: list[Run]
    switches: Switches
    before: Matrix
    after: Matrix
    done: Update

    def __repr__(self) -> str:
        return f"{self.written.text}\n{self.done.diff}\n{self.switches}\n" + "\n".join(self.done.lines)

    def seen(self, cell: Cell, one: Build) -> set[Status]:
        """As what the attempts of a cell with a build ended that say something."""
        return {
            each.verdict.status
            for ran in self.runs
            if build_key(ran.info.builds[0]) == build_key(one)
            for each in ran.attempts
            if each.cell == cell and each.verdict.status not in (Status.ERROR, Status.SKIP)
        }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any matrix, any runs of it, any switches."""
    written = draw(matrices())
    before = parse(written.text.encode(), "matrix.yaml")
    runs = draw(runs_of(before))
    switches = Switches(
        add_intermittents=draw(st.booleans()),
        drop_intermittents=draw(st.booleans()),
        min_attempts=draw(st.integers(1, 2)),
    )
    done = update(written.text.encode(), "matrix.yaml", runs, switches)
    finished = done.content.replace(b"TODO", b"said")
    return Case(written, runs, switches, before, parse(finished, "matrix.yaml"), done)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_an_update_keeps_its_promises(case: Case) -> None:
    """What was seen is expected, the rest stays as it is, a second update changes nothing, comments survive.

    And the file loads as soon as the TODOs are reasons: making the case has loaded it.
    """
    promise_to_expect_what_was_seen(case)
    promise_to_keep_what_was_not_seen(case)
    promise_to_be_done(case)
    promise_to_touch_nothing_else(case)


def promise_to_expect_what_was_seen(case: Case) -> None:
    """Always in part, with `add_intermittents` in full; what was expected already stays expected."""
    for one in POOL:
        if comparable(one.version) is None:
            continue  # no line can tell such a build from others
        for cell in case.after.cells([one.engine]):
            seen = case.seen(cell, one)
            before = case.before.expectation_for(cell, one).statuses
            statuses = case.after.expectation_for(cell, one).statuses
            if seen:
                assert seen & set(statuses), cell.id
            if seen and case.switches.add_intermittents:
                assert seen <= set(statuses), cell.id
            if seen and seen <= set(before) and not case.switches.drop_intermittents:
                assert statuses == before, cell.id


def promise_to_keep_what_was_not_seen(case: Case) -> None:
    """A cell that no run has is expected to end as before, for the same reason, with every build.

    Engines that are not required and that no run has follow the others, so nothing is promised of them.
    """
    seen = {cell for one in POOL for cell in case.before.cells([one.engine]) if case.seen(cell, one)}
    engines = {*case.before.required_engines, *(cell.engine for cell in seen)}
    for cell in case.before.cells(engines):
        for one in (None, *(each for each in POOL if each.engine == cell.engine)):
            if cell not in seen:
                before, after = case.before.expectation_for(cell, one), case.after.expectation_for(cell, one)
                assert after == before, cell.id


def promise_to_be_done(case: Case) -> None:
    """The same runs make nothing else of the outcome, and their order makes no difference."""
    again = update(case.done.content, "matrix.yaml", case.runs, case.switches)
    assert again.content == case.done.content, again.diff
    assert not again.changed
    turned = update(case.written.text.encode(), "matrix.yaml", case.runs[::-1], case.switches)
    assert turned.content == case.done.content


def promise_to_touch_nothing_else(case: Case) -> None:
    """Before and behind the expectations every byte is the same; comments go only with all that they belong to."""
    text, before = case.done.content.decode(), case.written.text
    assert text.startswith(before.partition("expectations:")[0])
    if LAST_COMMENT in before:
        assert text.endswith(LAST_COMMENT + before.partition(LAST_COMMENT)[2])
    gone = {number for number in range(MOST_ENTRIES) if not re.search(rf"reason {number}\b", text)}
    lost = {token: owners for token, owners in case.written.owners.items() if token not in text}
    assert all(owners and owners <= gone for owners in lost.values()), lost
    assert text.count("\r\n") == (text.count("\n") if "\r\n" in before else 0)
