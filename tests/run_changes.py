"""Changes to run files as somebody would make them who wants another answer: load the JSON, change it, write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Plain = dict[str, Any]
Change = Callable[[Plain], None]


def change(folder: Path, changed: Change, name: str = "run.json") -> None:
    """Load a run file, change it, write it."""
    file = folder / name
    content = json.loads(file.read_text(encoding="utf-8"))
    changed(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def cells(status: str, *beginnings: str) -> Change:
    """Cells whose ids begin so ended otherwise."""

    def changed(content: Plain) -> None:
        met = 0
        for attempt in content["attempts"]:
            if attempt["cell"]["id"].startswith(beginnings):
                end(attempt, status)
                met += 1
        assert met

    return changed


def end(attempt: Plain, status: str) -> None:
    """An attempt ended so; whether that was expected follows."""
    verdict = attempt["verdict"]
    expected = status == "skip" or status in verdict["expectation"]["statuses"]
    attempt["verdict"] = {**verdict, "status": status, "expected": expected}


def fact(name: str, observed: list[Any], *beginnings: str) -> Change:
    """A fact of cells whose ids begin so was observed otherwise."""

    def changed(content: Plain) -> None:
        met = 0
        for attempt in content["attempts"]:
            for one in attempt["facts"] if attempt["cell"]["id"].startswith(beginnings) else ():
                if one["name"] == name:
                    one["observed"] = observed
                    met += 1
        assert met

    return changed


ENGINES = ("chromium", "firefox", "webkit")


def everywhere(scenario: str, rest: str) -> tuple[str, ...]:
    """A row of the matrix in all engines."""
    return tuple(f"{scenario}[{engine}-{rest}" for engine in ENGINES)
