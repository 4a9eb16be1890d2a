"""A run that attacks whoever reads its report: in every text that came from a page, a server, a machine or a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Final
from zlib import crc32

from tests.report.factory import CHROMIUM, FIREFOX, WEBKIT, attempt, cell, conditions, recording, run_of
from tests_browser.report import runs
from wirematrix.changes import transitions
from wirematrix.model import Exclusion, Expectation, Fact, NearMiss, Observation, Run, Status
from wirematrix.transitions import Transitions

HARMLESS: Final = "words "
ATTACKS: Final = (
    '<img src="/owned.png" class="owned" onerror="owned = 1">',
    "</script><script>owned = 2; fetch('/owned')</script>",
    "</title></style></textarea></noscript><svg class='owned' onload='owned = 3'>",
    "\"'><iframe class=owned srcdoc='<script>parent.owned = 4</script>'></iframe>",
    "' onmouseover='owned = 5' autofocus onfocus='owned = 6' x='",
    '" onmouseover="owned = 7" style="position:fixed;inset:0" x="',
    "<details class=owned open ontoggle='owned = 8'>",
    "<form class=owned action='/owned'><button formaction='javascript:owned = 9'>",
    "<base class=owned href='//127.0.0.1:1/'><link rel=stylesheet href='/owned.css'>",
    "&lt;img class=owned src=/owned.png&gt;",
    "--><!--]]><a class=owned href=javascript:owned=10>",
    "{{ 7 * 7 }}{% for x in view %}${owned = 11}",
)
HIDDEN: Final = ("\u202egnp.exe ", "\ud83d lone ", "nul \x00 \x1b[2J \x07", "\u2028\u200b\ufeff")
SEES: Final = (
    "javascript:owned=12",
    "data:text/html,<script>owned=13</script>",
    "java\tscript:owned=14",
    "//127.0.0.1:1/",
)
LEFT: Final = {  # by field: what has a form of its own, or is found by its word
    "latency_hdr",
    "source",
    "started",
    "relation",
    "guarantee",
    "side",
    "origin",
}
WORD_FIELDS: Final = {"kind": Observation}  # what tells observations apart; their details carry the attacks


class Poison:
    """Puts attacks before texts: before equal ones the same, so that cells, scenarios and builds still belong together."""

    def __init__(self, attacks: Sequence[str], sees: Sequence[str]) -> None:
        self.attacks = attacks
        self.sees = sees
        self.used: set[str] = set()

    def text(self, plain: str) -> str:
        """The text behind its attack; an empty one stays."""
        if not plain:
            return plain
        attack = self.attacks[crc32(plain.encode()) % len(self.attacks)]
        self.used.add(attack)
        return attack + plain

    def anything(self, plain: Any) -> Any:
        """The same value with every free text in it poisoned."""
        if isinstance(plain, Enum):
            return plain
        if isinstance(plain, str):
            return self.text(plain)
        if isinstance(plain, Mapping):
            return {self.text(key): self.anything(value) for key, value in plain.items()}
        if isinstance(plain, tuple | list):
            return type(plain)(map(self.anything, plain))
        if is_dataclass(plain) and not isinstance(plain, type):
            return replace(plain, **{one.name: self.field(plain, one.name) for one in fields(plain)})
        return plain

    def field(self, of: Any, name: str) -> Any:
        """One field of a value."""
        plain = getattr(of, name)
        if name in LEFT or (name in WORD_FIELDS and isinstance(of, WORD_FIELDS[name])):
            return plain
        if name == "see":
            return self.sees[crc32(str(of).encode()) % len(self.sees)] if plain else plain
        if name in ("metrics", "figures"):  # those that are known stay known, and strange ones come
            return {**plain, **{self.text(key): value for key, value in list(plain.items())[:3]}}
        if name == "detail":  # keys are the probe's own; what they say is not
            return {key: self.anything(value) for key, value in plain.items()} | {self.text("key"): self.text("value")}
        return self.anything(plain)


def said(text: str) -> tuple[Observation, ...]:
    """What pages and servers say in their own words."""
    told: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("page", "opening", {"transport": "websocket", "attempt": 1, "resume": text}),
        ("page", "console", {"level": "error", "text": text, "where": text}),
        ("page", "uncaught", {"text": text}),
        ("page", "close", {"code": 1006, "reason": text, "clean": False}),
        ("page", "error", {"state": text, "because": text}),
        ("page", "message", {"id": text, "type": text, "chars": 3, "text": text}),
        ("server", "request", {"method": text, "target": text, "last_event_id": text, "headers": [["Origin", text]]}),
        ("server", "frame", {"name": "close", "code": 1001, "reason": text}),
        ("link", "cut", {"because": text}),
        ("driver", text, {text: text}),
        (text, text, {text: [text, {text: text}]}),
    )
    return tuple(
        Observation(at_ms=at_ms, source=source, kind=kind, detail=detail)
        for at_ms, (source, kind, detail) in enumerate(told, 1)
    )


def plain_run() -> Run:
    """A small run with a text in every field that a report could show."""
    claim = Expectation(statuses=(Status.FAIL,), because="known for long", see="https://example.org/issue")
    fact = Fact(name="end_state", title="the state at the end", observed=("CLOSED", "the stream failed: TypeError"))
    near = NearMiss(awaited="message five", waited_ms=21_400, budget_ms=25_000)
    check = cell("honours_the_retry_delay", transport="eventsource", network="close")
    told = (
        attempt(cell(), Status.FAIL, "never opened", timeline=said("words of the page")),
        attempt(cell(), Status.PASS, "open at last", number=2, timeline=said("other words"), near_misses=(near,)),
        attempt(cell(engine="firefox"), Status.FAIL, "never opened there", expectation=claim, timeline=said("a word")),
        attempt(cell(engine="webkit"), Status.ERROR, "our mistake", timeline=said("a last word")),
        attempt(cell("strange_thing", network="odd"), Status.CRASH, "the page died", timeline=said("the end")),
        recording(attempt(check), fact),
        recording(attempt(replace(check, engine="firefox")), replace(fact, observed=("CONNECTING",))),
    )
    info = conditions(CHROMIUM, FIREFOX, WEBKIT, unavailable={"chrome": "is not here; install it with apt"})
    run = run_of(*told, info=info, exclusions=(Exclusion(cell=cell(network="close"), because="has no meaning"),))
    load = runs.loaded().load
    assert load is not None
    broken = replace(load.rounds[0], error="the server died")
    return replace(run, load=replace(load, rounds=(broken, *load.rounds[1:])), effort=runs.loaded().effort)


def poisoned(attacks: Sequence[str], sees: Sequence[str] = SEES) -> tuple[Run, Transitions]:
    """The run with these attacks in all its texts, and what changed since one that is no better."""
    poison = Poison(attacks, sees)
    run: Run = poison.anything(plain_run())
    missing = replace(run.attempts[0].cell, network=poison.text("lost"))
    declared = tuple(dict.fromkeys(one.cell.id for one in run.attempts))
    run = replace(run, declared=(*declared, missing.id))
    before = replace(run, attempts=run.attempts[1:3], declared=declared[:2])
    assert poison.used == set(attacks), "an attack found no text"
    return run, transitions([before], [run])
