"""What changed against a baseline, in the report: told at the top, marked in its cell, and nothing where nothing did."""

from __future__ import annotations

from tests.report.factory import CHROMIUM, attempt, cell, run_of
from tests.report.pages import parsed
from wirematrix.gather import Place, key_of
from wirematrix.model import Cell, Status
from wirematrix.report import render_html
from wirematrix.transitions import CHANGE_MEANS, Change, Transition, Transitions

OPENS = cell("opens")
LATE = cell("opens_late", network="refuse")
GONE = cell("thousand_in_order")
RUN = run_of(attempt(OPENS, Status.FAIL, "never opened"), attempt(LATE))


def changed(**kinds: Cell) -> Transitions:
    """Transitions of cells, by kind of change."""
    places = {Change(kind): Place(key_of(CHROMIUM), of) for kind, of in kinds.items()}
    return Transitions(
        baseline="0000000 of 2026-11-21",
        changes={
            place: Transition(place=place, change=change, was="pass", now="fail", because=f"{change}: pass, now fail")
            for change, place in places.items()
        },
        compared=2,
        builds=("Chromium is 156, was 155",),
    )


def test_changes_are_told_at_the_top_and_in_their_cells() -> None:
    """The baseline, counts, sentences and new builds are told; the cell has a sign with its word, and a class."""
    source = render_html([RUN], changes=changed(regressed=OPENS))
    words = parsed(source).words
    assert "Changed since 0000000 of 2026-11-21" in words
    assert "1 regressed; 1 of 2 compared cells is as it was." in words
    assert "regressed: pass, now fail" in words
    assert "Chromium is 156, was 155" in words
    assert source.count('class="news fail changed"') == 1
    assert source.count('<s class="regressed">▼<span class="vh"> regressed</span></s></a>') == 1


def test_a_cell_that_disappeared_is_named_without_a_link() -> None:
    """What only the baseline has stands in the list by its id; the grid has no place for it."""
    page = parsed(render_html([RUN], changes=changed(disappeared=GONE)))
    assert GONE.id in page.words
    assert "1 disappeared; 2 of 2 compared cells are as they were." in page.words
    assert not any("thousand" in link for link in page.links)


def test_every_change_has_a_sign_of_its_own() -> None:
    """The legend explains each kind of change beside its sign, and no two signs are the same."""
    source = render_html([RUN], changes=changed(fixed=LATE))
    assert all(meaning in parsed(source).words for meaning in CHANGE_MEANS.values())
    legend = source.partition('id="legend"')[2].partition("</section>")[0]
    signs = [piece.partition("<")[0].partition(">")[2] for piece in legend.split("<s class=")[1:]]
    assert len(signs) == len(set(signs)) == len(Change)


def test_without_a_baseline_nothing_is_said_of_changes() -> None:
    """No section, no filter, no mark; with one and no change, that nothing changed is said."""
    source = render_html([RUN])
    assert 'id="changes"' not in source
    assert 'value="changed"' not in source
    assert (
        "nothing changed; 2 of 2 compared cells are as they were."
        in parsed(render_html([RUN], changes=changed())).words
    )
