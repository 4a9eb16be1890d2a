"""The section `decision:` of a matrix: what the committed one holds, and the sentence that answers each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.committed_run import committed_matrix
from tests.small_decision import BASE, DECISION
from tests.small_matrix import mistake_in, write
from wirematrix.decision.model import CANDIDATES, CellSource, Decision
from wirematrix.decision.slots import plan_of
from wirematrix.marks import marked
from wirematrix.matrix import parse
from wirematrix.model import Build

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "wirematrix/schema/matrix.schema.json").read_text(encoding="utf-8"))
FIRST = BASE.count("\n") + 1  # the line of `decision:`

# What is written instead of what, the answer without the file's name, and whether the published schema sees it, too.
# Lines are counted from `decision:`, which is line 1.
MISTAKES = [
    (
        "scenario: returns}\n    pause",
        "scenario: retuns}\n    pause",
        "7: decision.factors.return.evidence[0].cells.scenario: unknown scenario 'retuns' (did you mean 'returns'?);"
        " expected opens, returns, parallel, sockets, ending or pausing",
        False,
    ),
    (
        "scenario: returns}\n    pause",
        "scenario: returns, network: direct}\n    pause",
        "7: decision.factors.return.evidence[0].cells.network: returns has no row over network 'direct'; expected close"
        " or reset",
        False,
    ),
    (
        "scenario: returns}\n    pause",
        "scenario: returns, network: clos}\n    pause",
        "7: decision.factors.return.evidence[0].cells.network: unknown network 'clos' (did you mean 'close'?); expected"
        " direct, close or reset",
        False,
    ),
    (
        "scenario: returns}\n    pause",
        "scenario: returns, relation: cross-origin}\n    pause",
        "7: decision.factors.return.evidence[0].cells.relation: returns has no row over relation 'cross-origin';"
        " expected same-origin",
        False,
    ),
    (
        "scenario: returns}\n    pause",
        "scenario: [returns, parallel]}\n    pause",
        "7: decision.factors.return.evidence[0].cells.scenario: returns and parallel have rows of different transports;"
        " expected one piece of evidence for each",
        False,
    ),
    (
        "fact: pause_ms",
        "fact: Pause",
        "11: decision.factors.pause.evidence[0].fact: 'Pause' is no name for a fact; expected lower-case letters,"
        " digits, '_' and '-'",
        True,
    ),
    (
        "scenario: pausing, better: less",
        "scenario: returns, better: less",
        "11: decision.factors.pause.evidence[0]: returns has several rows; expected one network: close or reset",
        False,
    ),
    (
        "better: less, floor: 10",
        "better: lower, floor: 10",
        "11: decision.factors.pause.evidence[0].better: unknown direction 'lower'; expected less or more",
        True,
    ),
    (
        "better: less, floor: 10",
        "better: less, at_most: 10",
        "11: decision.factors.pause.evidence[0]: says better and at_most; expected one of better, at_least, at_most or"
        " holds",
        True,
    ),
    (
        "better: less, floor: 10",
        "floor: 10",
        "11: decision.factors.pause.evidence[0]: says no scale; expected one of better, at_least, at_most or holds",
        True,
    ),
    (
        "better: less, floor: 10",
        "at_most: 10, floor: 10",
        "11: decision.factors.pause.evidence[0].floor: means nothing here; expected floor only with better",
        True,
    ),
    (
        "floor: 10",
        "floor: ten",
        "11: decision.factors.pause.evidence[0].floor: got 'ten'; expected a number from 0 to 1e+09",
        True,
    ),
    (
        "load: latency_p99_ms",
        "load: latency_p98_ms",
        "25: decision.factors.load.evidence[0].load: unknown figure 'latency_p98_ms' (did you mean 'latency_p99_ms'?)",
        False,
    ),
    (
        "subscribers: [10, 100]",
        "subscribers: [10, 0]",
        "25: decision.factors.load.evidence[0].subscribers[1]: got 0; expected a whole number from 1 to 100000",
        True,
    ),
    (
        "bare: connect,",
        "bare: conect,",
        "29: decision.factors.code.evidence[0].bare: unknown guarantee 'conect' (did you mean 'connect'?); expected"
        " connect, reconnect, resume, notice-silence, two-way or auth",
        True,
    ),
    (
        "      unmeasured: a judgement\n",
        "",
        "35: decision.factors.taste: has no evidence; expected evidence, or unmeasured with the reason why there is none",
        True,
    ),
    (
        "unmeasured: a judgement",
        "unmeasured: TODO",
        "38: decision.factors.taste.unmeasured: got 'TODO'; expected a sentence that says why (write or correct it, and"
        " take TODO away)",
        True,
    ),
    (
        "number: 23",
        "number: 26",
        "37: decision.factors.taste.number: got 26; expected a whole number from 1 to 25",
        True,
    ),
    (
        "evidence: {cells: {scenario: returns, network: close}}",
        "evidence: {effort: lines, side: page, bare: connect, resilient: connect}",
        "42: decision.rules.returns-at-all.evidence: effort cannot stand here; expected cells, fact or load",
        False,
    ),
    (
        "at_once, scenario: parallel, at_least: 7",
        "at_once, scenario: parallel, better: more",
        "47: decision.rules.seven.evidence.first_of[0]: says better; expected one of at_least, at_most or holds",
        False,
    ),
    (
        "weights: {return: 3, ",
        "weights: {retrun: 3, ",
        "55: decision.profiles.plain.weights.retrun: unknown key 'retrun' (did you mean 'return'?); expected return,"
        " pause, many, words, load, code, both or taste",
        False,
    ),
    (
        "weights: {return: 3, ",
        "weights: {return: -3, ",
        "55: decision.profiles.plain.weights.return: got -3; expected a number from 0 to 1000",
        True,
    ),
    (
        "weights: {return: 1, pause: 1, load: 1}",
        "weights: {return: 0}",
        "60: decision.profiles.strict.weights: no factor weighs anything; expected at least one factor above 0",
        False,
    ),
    (
        "rules: [returns-at-all]",
        "rules: [return-at-all]",
        "59: decision.profiles.strict.rules[0]: unknown rule 'return-at-all' (did you mean 'returns-at-all'?); expected"
        " returns-at-all or seven",
        False,
    ),
    (
        "audience: {webkit: 2}",
        "audience: {safari: 2}",
        "70: decision.profiles.apple.audience.safari: unknown key 'safari'; expected chromium or webkit",
        True,
    ),
    (
        "      because: it is for tests\n      weights: {return: 3",
        "      weights: {return: 3",
        "52: decision.profiles.plain: key 'because' is missing; expected title, because and weights",
        True,
    ),
    (
        "decision:\n",
        "decision:\n  tiers: {sse: app-sse}\n",
        "2: decision.tiers: key 'websocket' is missing; expected sse and websocket",
        True,
    ),
    (
        "bare: connect,",
        "bare: {eventsource: connect},",
        "29: decision.factors.code.evidence[0].bare: key 'fetch-stream' is missing; expected eventsource, fetch-stream and"
        " websocket",
        True,
    ),
    (
        "  rules:\n",
        "  rulez:\n",
        "39: decision.rulez: unknown key 'rulez' (did you mean 'rules'?); expected factors, rules, profiles or tiers",
        True,
    ),
    (
        "{fact: told, scenario: ending, holds: [the cause]}\n    load",
        "{told: told, scenario: ending, holds: [the cause]}\n    load",
        "21: decision.factors.words.evidence[0]: says no evidence; expected one of cells, fact, load, effort or first_of",
        True,
    ),
]


def placed(said: str) -> str:
    """The answer with the line that the mistake has in the whole file."""
    line, _, rest = said.partition(":")
    return f"matrix.yaml:{int(line) + FIRST - 1}:{rest}"


@pytest.mark.parametrize(("old", "new", "said", "seen"), MISTAKES, ids=[said for _, _, said, _ in MISTAKES])
def test_a_mistake_is_answered_with_its_place(old: str, new: str, said: str, *, seen: bool, tmp_path: Path) -> None:
    """File, line, key, what is wrong and what is accepted; the published schema refuses what it can see."""
    assert old in DECISION
    text = BASE + DECISION.replace(old, new, 1)
    assert mistake_in(write(tmp_path, text)).startswith(placed(said))
    assert Draft202012Validator(SCHEMA).is_valid(YAML(typ="safe").load(text)) is not seen


def test_the_decision_above_is_without_a_mistake() -> None:
    """The mistakes are the only ones: without them the schema accepts it."""
    assert Draft202012Validator(SCHEMA).is_valid(YAML(typ="safe").load(BASE + DECISION))


OVER_NGINX = """\
  nginx: {title: a reset behind nginx, kind: reset, via: {route: nginx, side: behind}}
scenarios:
"""


def test_real_servers_are_evidence_where_they_are_named() -> None:
    """Not every run leads over real servers, so evidence that names no network means the others, and a named one it."""
    base = BASE.replace("scenarios:\n", OVER_NGINX).replace("[close, reset]", "[close, reset, nginx]")
    for written, meant in (("returns}", {"close", "reset"}), ("returns, network: nginx}", {"nginx"})):
        text = base + DECISION.replace("scenario: returns}\n    pause", f"scenario: {written}\n    pause", 1)
        decision = parse(text.encode(), "matrix.yaml").decision
        assert decision is not None
        (source,) = next(factor for factor in decision.factors if factor.name == "return").evidence[0].sources
        assert isinstance(source, CellSource)
        assert {way.network for way in source.ways} == meant


# The committed decision


def committed() -> Decision:
    """The decision of this repository."""
    decision = committed_matrix().decision
    assert decision is not None
    return decision


def test_the_catalogue_is_covered() -> None:
    """Every factor of the catalogue is there, measured or with the reason why not; the audience is the 25th."""
    assert sorted(factor.number for factor in committed().factors if factor.number) == list(range(1, 25))
    assert {factor.number for factor in committed().factors if factor.unmeasured} == {8, 9, 18, 23, 24}


def test_every_profile_of_the_question_is_there() -> None:
    """The uses that the project was asked about, each with weights for at least a third of the factors."""
    profiles = {profile.name: profile for profile in committed().profiles}
    assert {"dashboard", "token-stream", "chat", "collaboration", "corporate-proxy"} <= set(profiles)
    assert all(3 * len(profile.weights) >= len(committed().factors) for profile in profiles.values())


def test_every_evidence_has_rows_for_every_candidate() -> None:
    """No evidence is left out because of how the matrix is made: each has rows that speak for each candidate."""
    build = Build(engine="chromium", product="x", version="1", origin="system", executable="", system="")
    plan = plan_of(committed(), {"x": build})
    lacking = [
        (piece.place, candidate)
        for factor in committed().factors
        for piece in factor.evidence
        for candidate in CANDIDATES
        if plan.of(piece, candidate) is None
    ]
    assert lacking == []


def test_cells_are_of_scenarios_that_pass_or_fail() -> None:
    """Cells of kind check neither pass nor fail, so none of them is evidence as a cell."""
    checks = marked(ROOT / "e2e", "check")
    named = {
        key.name.partition("[")[0]
        for asked in plan_of(
            committed(), {"x": Build(engine="chromium", product="", version="", origin="", executable="", system="")}
        ).asked.values()
        for keys in (asked.rows.values() if asked else ())
        for key in keys
        if key.kind == "cell"
    }
    assert named
    assert not named & checks
