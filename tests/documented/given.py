"""A small documentation, questions and runs for the tests of what is documented beside what was observed."""

from __future__ import annotations

from typing import Any, Final

from tests.report.factory import CHROMIUM, FIREFOX, WEBKIT, attempt, cell, conditions, recording, run_of
from wirematrix.documented.model import SCHEMA, Brand, Documentation, Feature, Statement
from wirematrix.documented.questions import Explanation, Piece, Question, Whose
from wirematrix.model import Build, Fact, Run, Status

RELEASES: Final = ("1", "9", "9.1", "10", "17.3", "26", "26.1", "27", "153", "156", "160")
WORKERS: Final = "api.EventSource.worker_support"
SOCKET: Final = "api.WebSocket"


def brand(name: str = "Chrome", *, preview: str = "Canary", releases: tuple[str, ...] = RELEASES) -> Brand:
    """A brand with some releases."""
    return Brand(name=name, preview=preview, current=releases[-1], releases=dict.fromkeys(releases, ""))


def feature(*statements: Statement, key: str = "chrome", **rest: Any) -> Feature:
    """A feature of which this is said in one brand; `rest` are fields of Feature."""
    fields: dict[str, Any] = {
        "title": "",
        "mdn_url": "https://developer.mozilla.org/docs/Web/API/EventSource",
        "spec_urls": (),
        "deprecated": False,
        "experimental": False,
        "standard": True,
        "support": {key: statements},
    }
    return Feature(**(fields | rest))


def everywhere(*statements: Statement, **rest: Any) -> Feature:
    """The same in all brands."""
    return feature(support=dict.fromkeys(("chrome", "edge", "firefox", "safari"), statements), **rest)


def documents(**features: Feature) -> Documentation:
    """A documentation of these features, whose paths have two underscores for a dot."""
    return Documentation(
        schema=SCHEMA,
        package="@mdn/browser-compat-data",
        version="8.1.9",
        built="2026-11-12T14:10:29.391Z",
        license="CC0-1.0",
        brands={
            "chrome": brand(),
            "edge": brand("Edge", preview=""),
            "firefox": brand("Firefox", preview="Nightly"),
            "safari": brand("Safari", preview="TP", releases=("1", "17.3", "26", "26.1", "27")),
        },
        features={path.replace("__", "."): said for path, said in features.items()},
    )


def asks(path: str, *pieces: Piece, explained: tuple[Explanation, ...] = (), unobserved: str = "") -> Question:
    """A question whose answer is in these pieces."""
    return Question(group="things", feature=path, pieces=pieces, explained=explained, unobserved=unobserved)


OPENS: Final = Piece(scenario="opens", transport="websocket")
IN_WORKERS: Final = tuple(
    Piece(
        scenario="workers",
        transport="eventsource",
        fact=f"in_{scope}",
        works=("opens",),
        lacks=("fails*",),
    )
    for scope in ("dedicated", "service")
)
KNOWN: Final = Explanation(
    engines=("firefox",), whose=Whose.MDN, because="The data is old.", see="https://example.org/1"
)


def opened(status: Status = Status.PASS, *builds: Build) -> Run:
    """A run in which the WebSocket of some builds ended so."""
    builds = builds or (CHROMIUM, FIREFOX, WEBKIT)
    return run_of(*(attempt(cell(engine=each.engine), status) for each in builds), info=conditions(*builds))


def in_workers(*words: str, build: Build = CHROMIUM) -> Run:
    """A run that recorded these words of an EventSource in a dedicated and a service worker."""
    facts = (
        Fact(name=piece.fact, title=f"{piece.fact}: a stream in there", observed=(word,))
        for piece, word in zip(IN_WORKERS, words, strict=False)
    )
    here = cell("workers", engine=build.engine, transport="eventsource")
    return run_of(recording(attempt(here), *facts), info=conditions(build))
