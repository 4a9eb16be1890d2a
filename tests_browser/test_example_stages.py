"""What is marked for a guarantee in the examples is what it needs: without it the guarantee does not hold in a real page.

Each stage of an example is written to a folder and run: the stage before a guarantee must fail its play, the stage with
it must pass. Where a stage adds nothing, the browser or the library gives the guarantee, and the stage before must
pass: nothing had to be written, and that is seen, too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests_browser.example_play import PLAYS, log_of, serving
from wirematrix.effort import EXAMPLES, Example, effort_of
from wirematrix.effort.tags import GUARANTEES, stage

ROOT = Path(__file__).resolve().parent.parent
LINES = {
    (row.transport, row.guarantee): sum(
        other.lines for other in effort_of(ROOT) if (other.transport, other.guarantee) == (row.transport, row.guarantee)
    )
    for row in effort_of(ROOT)
}


@pytest.fixture
def example(request: pytest.FixtureRequest) -> Example:
    """An example by its transport."""
    return next(one for one in EXAMPLES if one.transport == request.param)


def built(example: Example, guarantees: tuple[str, ...], folder: Path) -> Path:
    """A stage of an example as a program in a folder; its server."""
    for file in (example.server, example.page):
        copy = folder / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(stage((ROOT / file).read_text(encoding="utf-8"), file, guarantees), encoding="utf-8")
    (folder / example.document).write_bytes((ROOT / example.document).read_bytes())
    return folder / example.server


@pytest.mark.parametrize("guarantee", GUARANTEES[1:])
@pytest.mark.parametrize("example", [one.transport for one in EXAMPLES], indirect=True)
@pytest.mark.only_browser("chromium")
def test_the_marked_code_gives_it(page: Page, example: Example, guarantee: str, tmp_path: Path) -> None:
    """A guarantee does not hold before its stage and holds from it on; one without code holds before, too."""
    number = GUARANTEES.index(guarantee)
    before = built(example, GUARANTEES[:number], tmp_path / "before")
    with serving(before, tmp_path / "before.db") as service:
        held = PLAYS[guarantee](page, service, example.transport)
        assert held is (LINES[example.transport, guarantee] == 0), log_of(page)
    since = built(example, GUARANTEES[: number + 1], tmp_path / "since")
    with serving(since, tmp_path / "since.db") as service:
        assert PLAYS[guarantee](page, service, example.transport), log_of(page)
