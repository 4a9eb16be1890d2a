"""Our command line as tests call it: words in, status and text out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from wirematrix import cli


class Answer(NamedTuple):
    """How a command ended, and what it printed."""

    status: object
    out: str
    err: str


Command = Callable[..., Answer]


def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`wirematrix` with some words, as a shell would start it; the fixture `answer` of tests/conftest.py."""

    def run(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["wirematrix", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return Answer(end.value.code, printed.out, printed.err)

    return run
