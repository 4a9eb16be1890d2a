"""What a chart is: drawings, one for each transport, a text alternative for each, and the numbers as a table."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

DARK: Final = "(prefers-color-scheme:dark)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One drawing; `name` is also its file's, without the ending."""

    name: str
    svg: str
    alternative: str
    width: int
    height: int

    @property
    def address(self) -> str:
        """The drawing itself as a `data:` address, so that a page loads nothing and no ids or styles can clash."""
        return _address(self.svg)

    @property
    def dark_address(self) -> str:
        """The same in dark colours, whoever asks: WebKitGTK tells a picture nothing of the page's colour scheme."""
        return _address(self.svg.replace(DARK, "all", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    """A tier, and a text for each column of its chart's table."""

    tier: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A question, its drawings, and its numbers: the p50 over the rounds, lowest and highest, how many."""

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    columns: tuple[str, ...]
    rows: tuple[NumberRow, ...]


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
