"""Live progress: the counts, the time left, one line on a terminal and plain lines elsewhere."""

from __future__ import annotations

import io
import threading

import pytest

from wirematrix import progress
from wirematrix.progress import Progressing, spelled


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the surrounding terminal or CI wishes, the stream itself decides."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def chatty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain line after every change."""
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "says"),
    [
        (0, 630, 5.0, "0 of 630 cells, 14 running, 2 unexpected"),
        (126, 630, 30.0, "126 of 630 cells, 14 running, 2 unexpected, about 120 s left"),
        (629, 630, 62.9, "629 of 630 cells, 14 running, 2 unexpected, about 0 s left"),
        (630, 630, 60.0, "630 of 630 cells, 14 running, 2 unexpected"),
        (0, 0, 0.0, "0 of 0 cells, 14 running, 2 unexpected"),
    ],
)
def test_time_left_needs_something_done(done: int, total: int, elapsed_s: float, says: str) -> None:
    """The time left follows from the pace so far; without a cell done, or with none to come, nothing is promised."""
    assert spelled(done=done, total=total, running=14, unexpected=2, elapsed_s=elapsed_s) == says


def test_plain_lines_count_cells(chatty: None) -> None:
    """Where there is no terminal each line has the counts, without colours or cursor movements."""
    stream = io.StringIO()
    counting = Progressing(stream)
    counting.start(3)
    counting.began()
    counting.began()
    counting.ended(expected=True)
    counting.ended(expected=False)
    lines = [line.partition(", about")[0] for line in stream.getvalue().splitlines()]
    assert lines == [
        "matrix: 0 of 3 cells, 1 running, 0 unexpected",
        "matrix: 0 of 3 cells, 2 running, 0 unexpected",
        "matrix: 1 of 3 cells, 1 running, 0 unexpected",
        "matrix: 2 of 3 cells, 0 running, 1 unexpected",
    ]
    assert "\x1b" not in stream.getvalue()


def test_plain_lines_are_rare() -> None:
    """Between two plain lines some seconds pass; the last count is printed at the end all the same."""
    stream = io.StringIO()
    counting = Progressing(stream)
    counting.start(50)
    for _ in range(50):
        counting.began()
        counting.ended(expected=True)
    assert stream.getvalue() == ""
    counting.close()
    assert stream.getvalue() == "matrix: 50 of 50 cells, 0 running, 0 unexpected\n"


def test_nothing_to_do_says_nothing() -> None:
    """A run without cells has no progress to report."""
    stream = io.StringIO()
    Progressing(stream).close()
    assert stream.getvalue() == ""


def test_the_total_may_grow(chatty: None) -> None:
    """More cells may be announced later, and a cell that ends without having begun does not count below zero."""
    stream = io.StringIO()
    counting = Progressing(stream)
    counting.start(1)
    counting.start(2)
    counting.ended(expected=True)
    assert stream.getvalue().startswith("matrix: 1 of 3 cells, 0 running, 0 unexpected, about")


def test_a_terminal_gets_one_line_that_goes_away() -> None:
    """On a terminal the line is redrawn in place and taken away at the end; closing again does no harm."""
    stream = Terminal()
    counting = Progressing(stream)
    counting.start(2)
    counting.start(1)
    counting.began()
    counting.ended(expected=False)
    counting.close()
    drawn = stream.getvalue()
    assert "1 of 3 cells, 0 running, 1 unexpected" in drawn
    assert "\x1b[2K" in drawn  # the line is erased
    assert "matrix: " not in drawn
    counting.close()


def test_counting_is_thread_safe() -> None:
    """Cells that end in many threads at once are all counted."""
    stream = io.StringIO()
    counting = Progressing(stream)
    counting.start(800)
    together = threading.Barrier(8)

    def play() -> None:
        together.wait(5)
        for number in range(100):
            counting.began()
            counting.ended(expected=number % 2 == 0)

    players = [threading.Thread(target=play) for _ in range(8)]
    for player in players:
        player.start()
    for player in players:
        player.join(10)
    counting.close()
    assert stream.getvalue() == "matrix: 800 of 800 cells, 0 running, 400 unexpected\n"
