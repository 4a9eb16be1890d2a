"""A decision small enough to read, with every kind of evidence, and books of readings for it."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from wirematrix.decision.assessment import Assessment, assess, case_of
from wirematrix.decision.book import Book
from wirematrix.decision.model import Decision, EffortSource, FactSource, Reading, RowKey, RowKind, Words
from wirematrix.decision.slots import Plan, plan_of
from wirematrix.matrix import parse
from wirematrix.model import Build

BASE = """\
engines:
  - {name: chromium, required: true}
  - {name: webkit, required: true}
transports: [eventsource, fetch-stream, websocket, eventsource+, fetch-stream+, websocket+]
networks:
  direct: {title: nothing is in the way, kind: direct}
  close: {title: an orderly end, kind: close}
  reset: {title: a reset, kind: reset}
scenarios:
  opens: {networks: direct}
  returns: {networks: [close, reset]}
  parallel: {networks: direct, transports: [eventsource, fetch-stream]}
  sockets: {networks: direct, transports: websocket}
  ending: {networks: direct, transports: [eventsource, fetch-stream, websocket]}
  pausing: {networks: direct}
"""
DECISION = """\
decision:
  factors:
    return:
      title: comes back
      number: 2
      evidence:
        - cells: {scenario: returns}
    pause:
      title: is soon there again
      evidence:
        - {fact: pause_ms, scenario: pausing, better: less, floor: 10}
    many:
      title: many at once
      evidence:
        - first_of:
            - {fact: at_once, scenario: parallel, better: more}
            - {fact: at_once, scenario: sockets, better: more}
    words:
      title: says how it ended
      evidence:
        - {fact: told, scenario: ending, holds: [the cause]}
    load:
      title: is quick under load
      evidence:
        - {load: latency_p99_ms, subscribers: [10, 100], floor: 1}
    code:
      title: little code
      evidence:
        - {effort: lines, side: page, bare: connect, resilient: [connect, reconnect], floor: 2}
    both:
      title: of two pieces
      evidence:
        - cells: {scenario: opens}
        - {fact: pause_ms, scenario: pausing, better: less}
    taste:
      title: what people like
      number: 23
      unmeasured: a judgement
  rules:
    returns-at-all:
      title: it has to come back
      evidence: {cells: {scenario: returns, network: close}}
    seven:
      title: seven at once
      evidence:
        first_of:
          - {fact: at_once, scenario: parallel, at_least: 7}
      remedy:
        what: share one
        evidence: {fact: told, scenario: ending, holds: [the cause]}
  profiles:
    plain:
      title: a plain use
      because: it is for tests
      weights: {return: 3, pause: 2, many: 1, words: 1, load: 2, code: 1, taste: 5}
    strict:
      title: a strict use
      because: it is for tests
      rules: [returns-at-all]
      weights: {return: 1, pause: 1, load: 1}
    sharing:
      title: a use that may share
      because: it is for tests
      rules: [seven]
      weights: {pause: 1, words: 1}
    apple:
      title: a use with WebKit only
      because: it is for tests
      weights: {return: 1, pause: 1}
      audience: {webkit: 2}
"""
BUILDS: Mapping[str, Build] = {
    engine: Build(engine=engine, product=engine, version="1", origin="system", executable="/x", system="Debian")
    for engine in ("chromium", "webkit")
}


def small_decision(text: str = DECISION) -> Decision:
    """The decision above, or another one over the same matrix."""
    decision = parse(f"{BASE}{text}".encode(), "matrix.yaml").decision
    assert decision is not None
    return decision


def small_plan(decision: Decision) -> Plan:
    """Its rows for two engine builds."""
    return plan_of(decision, BUILDS)


def reading(key: RowKey, number: float | None, *, words: Mapping[str, int] | None = None, attempts: int = 2) -> Reading:
    """A row that says so."""
    return Reading(
        key=key,
        number=number,
        words=words or {},
        numbers=1 if number is not None else 0,
        attempts=attempts,
        engine=key.build,
    )


def kinds(decision: Decision, plan: Plan) -> Mapping[RowKey, str]:
    """What each row that is asked for is: a share, a number or a word."""
    found: dict[RowKey, str] = {}
    for asked in plan.asked.values():
        for key in [key for keys in asked.rows.values() for key in keys] if asked else ():
            worded = isinstance(asked.source, FactSource) and isinstance(asked.source.scale, Words) if asked else False
            effort = isinstance(asked.source, EffortSource) if asked else False
            kind = "share" if key.kind is RowKind.CELL else "word" if worded else "count" if effort else "number"
            found[key] = kind
    return found


@st.composite
def books(draw: st.DrawFn, decision: Decision, *, gaps: bool = True) -> Book:
    """Any readings of the rows that a decision asks for; with `gaps`, some of them missing."""
    readings: dict[RowKey, Reading] = {}
    for key, kind in kinds(decision, small_plan(decision)).items():
        if gaps and draw(st.integers(0, 9)) == 0:
            continue
        match kind:
            case "share":
                readings[key] = reading(key, draw(st.sampled_from([0.0, 0.5, 1.0])))
            case "word":
                readings[key] = reading(key, None, words={draw(st.sampled_from(["the cause", "nothing"])): 1})
            case _:
                readings[key] = reading(key, float(draw(st.integers(0, 100))))
    return Book(readings=readings, builds=BUILDS)


def even_book(decision: Decision, changed: Mapping[str, float] | None = None) -> Book:
    """Everything holds, every number is 10, every word is right; `changed` by what a row's name begins with."""
    readings: dict[RowKey, Reading] = {}
    for key, kind in kinds(decision, small_plan(decision)).items():
        number = {"share": 1.0}.get(kind, 10.0)
        for name, value in (changed or {}).items():
            number = value if f"{key.name} {key.figure}".startswith(name) else number
        words = {"the cause": 1} if kind == "word" else {}
        readings[key] = reading(key, None if words else number, words=words)
    return Book(readings=readings, builds=BUILDS)


def assessed(decision: Decision, book: Book, profile: str = "plain") -> Assessment:
    """The assessment of one profile."""
    (wanted,) = [each for each in decision.profiles if each.name == profile]
    return assess(case_of(decision, wanted, book, small_plan(decision)))
