"""A run in which every outcome occurs once, and runs of any words at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from tests.report.factory import (
    CHROMIUM,
    FIREFOX,
    MACOS_WEBKIT,
    WEBKIT,
    attempt,
    cell,
    conditions,
    run_of,
    scenario_text,
)
from tests.run_values import ATTEMPTS, TEXTS
from wirematrix.model import Attempt, Cell, Expectation, Kind, Run, Status

KNOWN: Final = Expectation(statuses=(Status.FAIL,), because="nothing asks again", see="https://a.example/why")
NOW_AND_THEN: Final = Expectation(statuses=(Status.PASS, Status.TIMEOUT), because="slow now and then")
SHAKY: Final = cell("payloads_unchanged")
SURPRISE: Final = cell("thousand_in_order")


def _not_begun(of: Cell) -> Attempt:
    made = attempt(of, Status.NOT_REACHED, "opens[firefox-websocket-direct] ended as fail")
    return replace(made, verdict=replace(made.verdict, builds_on="opens[firefox-websocket-direct]"))


ATTEMPTS_OF_ALL_SORTS: Final = (
    attempt(cell("opens")),
    attempt(cell("honours_the_retry_delay", network="close")),
    attempt(cell("reopens_after_the_break", network="close"), Status.FAIL, "not opened again", expectation=KNOWN),
    attempt(cell("opens", engine="firefox"), Status.FAIL, "open never came"),
    attempt(cell("reopens_after_the_break", engine="firefox", network="close"), expectation=KNOWN),
    attempt(cell("opens", engine="webkit"), Status.ERROR, "the proxy died"),
    attempt(cell("notices_silence", network="stall"), Status.SKIP, "no namespaces here"),
    _not_begun(cell("resumes_without_a_gap", engine="firefox", network="close")),
    attempt(SHAKY, Status.TIMEOUT, "waited 25000 ms", expectation=NOW_AND_THEN),
    attempt(SHAKY, expectation=NOW_AND_THEN, number=2),
    attempt(SURPRISE, Status.CRASH, "the page died"),
    attempt(SURPRISE, number=2, isolated=True),
)
NEVER: Final = cell("uplink_round_trip", engine="webkit")
NOWHERE: Final = "opens[lynx-gopher-direct]"
CELLS: Final = tuple(one.cell for one in ATTEMPTS_OF_ALL_SORTS)
BUILDS: Final = (CHROMIUM, FIREFOX, WEBKIT)
VARIETY: Final = run_of(
    *ATTEMPTS_OF_ALL_SORTS,
    info=conditions(*BUILDS, unavailable={"msedge": "no build was found"}),
    declared=(*dict.fromkeys(one.cell.id for one in ATTEMPTS_OF_ALL_SORTS), NEVER.id, NOWHERE),
    scenarios=tuple(map(scenario_text, dict.fromkeys(one.scenario for one in (*CELLS, NEVER)))),
)
MACOS: Final = run_of(attempt(cell("opens", engine="webkit")), info=conditions(MACOS_WEBKIT, system="macOS 26.1"))
ODD: Final = (
    "</testcase>]]><![CDATA[<x>&lt;&#0;",
    "\x00\x07\x1b[31m\ud83d\ufffe\u2028\u202e",
    "=HYPERLINK(1);+1;@x",
    "-1+1\n=2\t'q",
    "| a | `b` **c** <!-- d -->",
    '"quoted", and, commas\r\n',
    "../../etc/passwd",
)
WORDS = TEXTS | st.sampled_from(ODD)
REASONS = WORDS.filter(lambda text: bool(text.strip()))
HOSTILE_CELLS = st.builds(
    Cell, scenario=WORDS, engine=st.sampled_from(["webkit", "chromium", *ODD]), transport=WORDS, network=WORDS
)


def _hostile(attempts: list[Attempt], cells: list[Cell], words: str, because: str) -> Run:
    """Attempts of cells with such names, and every other text of the run some words."""
    own = tuple(
        replace(
            one,
            cell=of,
            verdict=replace(one.verdict, because=because),
            timeline=tuple(replace(seen, at_ms=float(place)) for place, seen in enumerate(one.timeline)),
        )
        for one, of in zip(attempts, cells, strict=False)
    )
    text = replace(scenario_text(), title=words, story=words, source=f"{words}:7", kind=Kind.CHECK)
    names = dict.fromkeys(one.cell.scenario for one in own)
    builds = tuple(replace(build, product=words, version=words, origin=words, system=words) for build in BUILDS)
    info = conditions(*builds, command=words, commit=words, system=words, unavailable={words: words})
    return run_of(
        *own,
        info=info,
        declared=(*dict.fromkeys(one.cell.id for one in own), f"{words}[", NEVER.id),
        scenarios=tuple(replace(text, name=name, group=words) for name in names),
        networks={one.cell.network: words for one in own},
    )


HOSTILE_RUNS = st.builds(
    _hostile,
    attempts=st.lists(ATTEMPTS, max_size=4),
    cells=st.lists(HOSTILE_CELLS, max_size=4, unique_by=lambda each: each.id),
    words=WORDS,
    because=REASONS,
)
