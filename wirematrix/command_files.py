"""Files that a person names to a command: which run files are meant, what is in them, and where to write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.model import Run
from wirematrix.nodes import choice
from wirematrix.runfile import load_all

USUAL_RUN: Final = Path("results/run.json")
USUAL_RUNS: Final = (USUAL_RUN, Path("results/load.json"))


def files_or_usual(runs: Sequence[Path] | None, verb: str, usual: Sequence[Path] = USUAL_RUNS) -> list[Path]:
    """The run files that were named, else those that lie where runs put them; InvalidInput if there is none."""
    files = list(runs or ()) or [each for each in usual if each.exists()]
    if not files:
        raise InvalidInput(f"wirematrix {verb}", "got no run file", expected=choice([str(each) for each in usual]))
    return files


def runs_of(files: Iterable[Path]) -> list[Run]:
    """Every run that these files tell of, merged files among them."""
    return [run for file in files for run in load_all(file)]


def write(file: Path, text: str) -> None:
    """Write a file whose place a person named; InvalidInput if that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInput(str(file), f"cannot be written: {error.strerror or error}") from error
