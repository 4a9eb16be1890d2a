"""What is marked for a guarantee in the examples is what it needs: without it the guarantee does not hold in a real page.

Each stage of an example is written to a folder and played: the stage before a guarantee must not give it, the stage with
it must. Where a stage adds nothing, the browser or the library gives the guarantee, and the stage before must give it:
nothing had to be written, and that is seen, too. One engine is enough: this is about the code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_browser.example_play import PLAYS, Play, Program, outcomes
from wirematrix.effort import EXAMPLES, Example, effort_of
from wirematrix.effort.tags import GUARANTEES, stage
from wirematrix.engines import LiveEngine

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parent.parent
WRITTEN = {(row.transport, row.guarantee) for row in effort_of(ROOT) if row.lines}
# Each play at the stage before the first guarantee it is about, if there is one, and from there to the last's.
STAGES = [
    (play, last)
    for play, about in PLAYS.items()
    for last in GUARANTEES[max(GUARANTEES.index(about[0]) - 1, 0) : GUARANTEES.index(about[-1]) + 1]
]


def built(example: Example, last: str, folder: Path) -> Path:
    """An example up to a guarantee as a program in a folder; its server."""
    guarantees = GUARANTEES[: GUARANTEES.index(last) + 1]
    for file in (example.server, example.page):
        copy = folder / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(stage((ROOT / file).read_text(encoding="utf-8"), file, guarantees), encoding="utf-8")
    (folder / example.document).write_bytes((ROOT / example.document).read_bytes())
    return folder / example.server


def given(transport: str, last: str) -> frozenset[str]:
    """The guarantees of an example up to one: those before it, and what nobody has to write."""
    ready = GUARANTEES[: GUARANTEES.index(last) + 1]
    return frozenset(one for one in GUARANTEES if one in ready or (transport, one) not in WRITTEN)


@pytest.mark.parametrize(("play", "last"), STAGES)
@pytest.mark.parametrize("kept_engine", ["chromium"], indirect=True)
async def test_a_stage_gives_what_it_has(kept_engine: LiveEngine, play: Play, last: str, tmp_path: Path) -> None:
    """Over each transport a guarantee holds from its stage on and not before; one without code holds before, too."""
    programs = [
        Program(
            over=one.transport,
            server=built(one, last, tmp_path / one.transport),
            kept=tmp_path / f"{one.transport}.db",
            expected=given(one.transport, last) & set(PLAYS[play]),
        )
        for one in EXAMPLES
    ]
    held, logs = await outcomes(play, kept_engine, programs)
    assert held == {one.over: one.expected for one in programs}, logs
