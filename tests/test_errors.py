"""The exception tree: one table of instances and texts."""

from __future__ import annotations

import inspect

import pytest

from wirematrix import errors
from wirematrix.errors import (
    BudgetSpent,
    ControlRefused,
    EngineCrashed,
    EngineUnavailable,
    IntermediaryDied,
    InvalidInput,
    LoadFailed,
    NotReached,
    OursSpent,
    ScriptFailed,
    ServiceDied,
    Skipped,
    Unsupported,
    WirematrixError,
)

TEXTS: list[tuple[WirematrixError, str]] = [
    (
        InvalidInput("matrix.yaml:3", "unknown engine 'safari'", expected="webkit"),
        "matrix.yaml:3: unknown engine 'safari'; expected webkit",
    ),
    (InvalidInput("run.json", "is empty"), "run.json: is empty"),
    (
        EngineUnavailable("webkit", "no build was found", remedy="playwright install webkit"),
        "webkit: no build was found; mend it with: playwright install webkit",
    ),
    (LoadFailed("answered 503"), "answered 503"),
    (EngineCrashed("firefox", "its process ended with -9"), "firefox crashed: its process ended with -9"),
    (
        OursSpent("the app to end", budget_ms=10, came="it was killed"),
        "waited 10 ms for the app to end; it was killed",
    ),
    (
        BudgetSpent("message 5", budget_ms=2999.6, came="last seen 3; state CONNECTING"),
        "waited 3000 ms for message 5; last seen 3; state CONNECTING",
    ),
    (
        ServiceDied("python -m app", exit_code=3, last_words="address in use"),
        "app process `python -m app` ended with exit code 3, last words: address in use",
    ),
    (
        ServiceDied("python -m app", exit_code=None, last_words=""),
        "app process `python -m app` ended with exit code None",
    ),
    (
        IntermediaryDied("route nginx-h2", exit_code=-9, last_words="bind() failed"),
        "route nginx-h2 ended with exit code -9, last words: bind() failed",
    ),
    (IntermediaryDied("route caddy", exit_code=None, last_words=""), "route caddy ended with exit code None"),
    (
        ControlRefused("POST /control/channels/a/fence", status=404, answer="no such channel"),
        "POST /control/channels/a/fence: answered 404: no such channel",
    ),
    (ControlRefused("x" * 200, status=400, answer="too long"), f"{'x' * 157}...: answered 400: too long"),
    (
        ScriptFailed("/stream", 2, "KeyError: 'seq'"),
        "origin: the script of /stream, request 2: KeyError: 'seq'",
    ),
    (NotReached("open", "the page saw CLOSED"), "open never came about: the page saw CLOSED"),
    (Unsupported("WebKitGTK", "websocket"), "WebKitGTK has no websocket, says the page's probe of the APIs"),
    (Skipped("network namespaces need root"), "network namespaces need root"),
]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_an_error_builds_its_own_text(error: WirematrixError, text: str) -> None:
    """The text is one line in lower case without a full stop, made from the facts the error keeps."""
    assert str(error) == text
    assert not text.endswith(".")
    assert "\n" not in text


def test_every_error_has_its_line_in_the_table() -> None:
    """An exception that is added without a text here is found."""
    classes = {each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, WirematrixError)}
    assert {type(error) for error, _ in TEXTS} == classes - {WirematrixError}
