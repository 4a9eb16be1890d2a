"""The questions: each mistake with its place, and every answer that they name is in the matrix and in its scenarios."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wirematrix import factfile, matrix
from wirematrix.documented.counterparts import BRAND_OF
from wirematrix.documented.model import BRANDS
from wirematrix.documented.questions import Piece, Question, Whose, parse, questions
from wirematrix.errors import InvalidInput
from wirematrix.model import ENGINES

ROOT = Path(__file__).resolve().parents[2]
GOOD = b"""
things:
  - feature: api.Thing
    observed:
      - {scenario: opens, transport: websocket}
      - {scenario: ends, transport: websocket, network: close, relation: cross-origin, fact: ends, works: ["close *"], lacks: [none]}
    explained:
      - {engines: [webkit, firefox], whose: port, because: It is another one., see: "https://example.org/"}
  - feature: api.Other
    unobserved: It takes what we have not.
"""


def test_a_question_is_read() -> None:
    """Cells and facts, patterns, explanations and reasons come out as they were written."""
    thing, other = parse(GOOD, "q.yaml").all
    assert thing.pieces == (
        Piece(scenario="opens", transport="websocket"),
        Piece(
            scenario="ends",
            transport="websocket",
            network="close",
            relation="cross-origin",
            fact="ends",
            works=("close *",),
            lacks=("none",),
        ),
    )
    assert [(one.engines, one.whose, one.because, one.see) for one in thing.explained] == [
        (("webkit", "firefox"), Whose.PORT, "It is another one.", "https://example.org/")
    ]
    assert other == Question(group="things", feature="api.Other", unobserved="It takes what we have not.")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("feature: api.Thing", "feature: api.Other", "q.yaml:9: things[1]: api.Other is asked for twice"),
        (
            "transport: websocket}",
            "transport: websockets}",
            "q.yaml:5: things[0].observed[0].transport: unknown transport",
        ),
        ("fact: ends, ", "", "q.yaml:6: things[0].observed[1]: names a fact or words, not both"),
        ('works: ["close *"], lacks', "lacks", "q.yaml:6: things[0].observed[1]: names a fact or words, not both"),
        ("unobserved: It takes", "unobserved: TODO", "q.yaml:10: things[1].unobserved: got 'TODO what we have not.'"),
        ("whose: port", "whose: nobody", "q.yaml:8: things[0].explained[0].whose: unknown word 'nobody'"),
        (
            "engines: [webkit, ",
            "engines: [safari, ",
            "q.yaml:8: things[0].explained[0].engines[0]: unknown engine 'safari'",
        ),
        ("unobserved:", "unseen:", "q.yaml:10: things[1].unseen: unknown key 'unseen'"),
        ("    unobserved: It takes what we have not.\n", "", "q.yaml:9: things[1]: says nothing of an observation"),
    ],
)
def test_a_mistake_is_named_with_its_place(before: str, after: str, complaint: str) -> None:
    """File, line and key, and what is accepted."""
    text = GOOD.decode()
    assert before in text
    with pytest.raises(InvalidInput) as refusal:
        parse(text.replace(before, after, 1).encode(), "q.yaml")
    assert complaint in str(refusal.value)


def test_nothing_asked_is_a_mistake() -> None:
    """A file without a question is refused."""
    with pytest.raises(InvalidInput, match="asks for nothing"):
        parse(b"things: []", "q.yaml")


@pytest.mark.parametrize("question", questions().all, ids=lambda one: one.feature)
def test_what_answers_is_in_the_matrix(question: Question) -> None:
    """Every scenario, transport, network and relation that a question names is a cell of matrix.yaml."""
    known = {
        (one.scenario, one.transport, one.network, one.relation) for one in matrix.load(ROOT / "matrix.yaml").cells()
    }
    for piece in question.pieces:
        assert (piece.scenario, piece.transport, piece.network, piece.relation) in known


def test_a_cell_that_is_not_in_the_matrix_is_noticed() -> None:
    """The test above can fail: a transport that a scenario does not run over is no cell."""
    known = {(one.scenario, one.transport) for one in matrix.load(ROOT / "matrix.yaml").cells()}
    assert ("clean_close", "websocket") in known
    assert ("clean_close", "eventsource") not in known


def test_every_engine_has_its_brand() -> None:
    """No engine of the matrix is without a brand of the data."""
    assert set(BRAND_OF) == set(ENGINES)
    assert set(BRAND_OF.values()) == set(BRANDS)


def test_explanations_lead_somewhere() -> None:
    """What explains a disagreement has a link to the web, or is our own doing."""
    for question in questions().all:
        for one in question.explained:
            assert one.whose is Whose.OURS or re.match(r"https://", one.see), question.feature


def test_facts_are_recorded_by_their_scenarios() -> None:
    """A fact that a question names is one that its scenario was seen to record, as far as the committed table goes."""
    table = factfile.load(ROOT / "docs" / "engine-facts.json")
    recorded = {one.name: {row.name for row in one.rows} for one in table.scenarios}
    asked = [piece for question in questions().all for piece in question.pieces if piece.fact]
    known = [piece for piece in asked if piece.scenario in recorded]
    assert len(known) > len(asked) / 3
    assert [piece for piece in known if piece.fact not in recorded[piece.scenario]] == []


@pytest.mark.parametrize("question", questions().all, ids=lambda one: one.feature)
def test_facts_of_apis_are_asked_for(question: Question) -> None:
    """An `api_` fact is one that a scenario records and the page has an answer for, by that name."""
    scenarios = (ROOT / "e2e" / "test_engine_apis.py").read_text(encoding="utf-8")
    page = (ROOT / "static" / "raw" / "apis.js").read_text(encoding="utf-8")
    for piece in question.pieces:
        if piece.fact.startswith("api_"):
            name = piece.fact.removeprefix("api_")
            assert f'"{name}":' in scenarios
            assert f" {name}: {{" in page
