"""How a load comparison goes on: one line that lives on a terminal, a line per round elsewhere."""

from __future__ import annotations

import time
from typing import Final, TextIO

from rich.console import Console
from rich.status import Status

from wirematrix.load.rounds import Turn
from wirematrix.load_model import Limit, Phase, Round

FIGURES: Final = (
    ("latency_p50_ms", "p50 {:.3g} ms"),
    ("latency_p99_ms", "p99 {:.3g} ms"),
    ("server_cpu_s_per_100k", "{:.3g} CPU s per 100,000"),
    ("saturated_per_s", "{:,.0f} per s saturated"),
)


class LoadProgress:
    """Says what is being played and what the last round found; `total` rounds are to come."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self._console = Console(file=stream)
        self._total = total
        self._done = 0
        self._last = ""
        self._began_s = time.monotonic()
        self._line: Status | None = None

    def began(self, turn: Turn, phase: Phase) -> None:
        """A phase begins."""
        if not self._console.is_terminal:
            return
        text = f"load: {self._counted} · {turn.tier} with {turn.subscribers}, {phase}{self._last}{self._left}"
        if self._line is None:
            self._line = self._console.status(text)
            self._line.start()
        else:
            self._line.update(text)

    def ended(self, played: Round) -> None:
        """A round ended."""
        self._done += 1
        spoken = figures_in_words(played)
        self._last = f" · {played.tier} with {played.subscribers}: {spoken}"
        if not self._console.is_terminal:
            line = f"load: {self._counted}: {played.tier} with {played.subscribers}: {spoken}{self._left}"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the line away."""
        if self._line is not None:
            self._line.stop()
            self._line = None

    @property
    def _counted(self) -> str:
        return f"{self._done} of {self._total} rounds"

    @property
    def _left(self) -> str:
        if not 0 < self._done < self._total:
            return ""
        left_s = (time.monotonic() - self._began_s) / self._done * (self._total - self._done)
        return f" · about {left_s:.0f} s left"


def figures_in_words(played: Round) -> str:
    """The figures that tell most, and what is wrong with them."""
    found = [(played.figures.get(name), text) for name, text in FIGURES]
    words = [text.format(value) for value, text in found if value is not None]
    limited = [f"{end.phase}: {end.limit}" for end in played.phases if end.limit in (Limit.GENERATOR, Limit.MACHINE)]
    if limited:
        words.append(f"limit of {', '.join(limited)}")
    if played.error:
        words.append(f"given up: {played.error}")
    return ", ".join(words)
