"""One SVG drawing: the only module that knows the plotting library, and a small vocabulary for all charts.

The text of a drawing is always the same for the same marks: ids come from a fixed salt and no date is written. Colours
are names, and become CSS variables with a light and a dark value, so the picture follows the reader's colour scheme by
itself, in a report as on a web page. Units are CSS pixels. Hidden characters are made visible: the library would fail
over a lone surrogate, and a name of a tier may hold one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Final, Self

from wirematrix.report.charts.chart import DARK
from wirematrix.report.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final[Mapping[str, tuple[str, str]]] = {  # name: in light, in dark; apart for the colour-blind, too
    "ground": ("#ffffff", "#1a1e22"),
    "ink": ("#1c2024", "#e4e7ea"),
    "quiet": ("#5a636c", "#98a2ac"),
    "line": ("#e2e4e6", "#343b42"),
    "blue": ("#0068a8", "#6bb6f0"),
    "orange": ("#b34700", "#ff9e5e"),
    "green": ("#00735a", "#4cc9a4"),
    "purple": ("#8e3a73", "#e39bc8"),
}
FONTS: Final = ("DejaVu Sans", "Verdana", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif")
DASHES: Final[Mapping[str, tuple[float, ...]]] = {"solid": (), "dashed": (5, 3), "dotted": (1.5, 2.5)}
SHAPES: Final = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "cross": "x", "none": ""}
PIXELS: Final = 72.0  # the library counts 72 to the inch
TEXT_PX: Final = 11.0
TITLE_PX: Final = 12.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """How something is drawn: the colour's name, how thick, dashed or not, and its marks' shape."""

    colour: str
    width: float = 1.6
    dash: str = "solid"
    shape: str = "none"

    def but(self, *, width: float | None = None, dash: str | None = None, shape: str | None = None) -> Self:
        """The same pen, thinner or dashed."""
        return type(self)(
            colour=self.colour,
            width=self.width if width is None else width,
            dash=self.dash if dash is None else dash,
            shape=self.shape if shape is None else shape,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A scale: from, to, where its ticks stand and what they say."""

    low: float
    high: float
    ticks: Mapping[float, str]
    title: str
    logarithmic: bool = False
    rules: bool = True  # a faint line at each tick


class Canvas:
    """One pair of axes with a title, drawn on and then turned into SVG once."""

    def __init__(
        self, title: str, x: Axis, y: Axis, *, size: tuple[int, int], margins: tuple[int, int, int, int]
    ) -> None:
        """`size` is width and height, `margins` are left, top, right and bottom, all in pixels."""
        with _settings():
            from matplotlib.figure import Figure  # noqa: PLC0415  (half a second that only a report with charts needs)

            width, height = size
            left, top, right, bottom = margins
            self._figure = Figure(figsize=(width / PIXELS, height / PIXELS), dpi=PIXELS, facecolor=_marked("ground"))
            box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
            self._axes = self._figure.add_axes(box, facecolor="none")
            _scale(self._axes, x, "x")
            _scale(self._axes, y, "y")
            for words, pixels, colour, size_px, weight in (
                (title, 24, "ink", TITLE_PX, "bold"),
                (y.title, 9, "quiet", TEXT_PX - 1, "normal"),
            ):
                self._axes.annotate(
                    visible(words),
                    (0, 1),
                    xytext=(0, pixels),
                    xycoords="axes fraction",
                    textcoords="offset points",
                    color=_marked(colour),
                    fontsize=size_px,
                    fontweight=weight,
                    annotation_clip=False,
                )

    def line(self, points: Sequence[tuple[float, float]], pen: Pen, *, faint: bool = False) -> None:
        """A line through points, with the pen's mark at each."""
        if points:
            xs, ys = zip(*points, strict=True)
            self._axes.plot(
                xs,
                ys,
                color=_marked(pen.colour),
                linewidth=pen.width,
                linestyle=_dash(pen),
                marker=SHAPES[pen.shape],
                markersize=5,
                alpha=0.35 if faint else 1,
            )

    def marks(self, points: Sequence[tuple[float, float]], pen: Pen, *, hollow: bool = False) -> None:
        """Marks without a line; hollow ones are filled with the ground."""
        if points:
            xs, ys = zip(*points, strict=True)
            self._axes.plot(
                xs,
                ys,
                linestyle="none",
                marker=SHAPES[pen.shape],
                markersize=6,
                markeredgewidth=1.4,
                color=_marked(pen.colour),
                markerfacecolor=_marked("ground" if hollow else pen.colour),
                zorder=3,
            )

    def span(self, x: tuple[float, float], y: tuple[float, float], pen: Pen) -> None:
        """A straight stroke between two points: a range, a reference."""
        self._axes.plot(x, y, color=_marked(pen.colour), linewidth=pen.width, linestyle=_dash(pen), marker="")

    def leader(self, x: tuple[float, float], y: tuple[float, float], pen: Pen) -> None:
        """A hair from a line's end to its name, which may lie outside of the axes."""
        self._axes.plot(x, y, color=_marked(pen.colour), linewidth=0.8, alpha=0.6, marker="", clip_on=False)

    def bar(self, y: float, x: float, pen: Pen, *, thick: float = 0.55) -> None:
        """A bar from the left edge to a value."""
        low = self._axes.get_xlim()[0]
        self._axes.barh(y, x - low, left=low, height=thick, color=_marked(pen.colour), alpha=0.35, linewidth=0)

    def text(self, x: float, y: float, words: str, pen: Pen, *, dx: float = 0, where: str = "left") -> None:
        """Words at a point, `dx` pixels to the right of it; `where` is the end of them that stands there."""
        self._axes.annotate(
            visible(words),
            (x, y),
            xytext=(dx, 0),
            textcoords="offset points",
            ha=where,
            va="center_baseline",
            color=_marked(pen.colour),
            fontsize=TEXT_PX - 1,
            annotation_clip=False,
            parse_math=False,  # drawn later than the settings hold
        )

    def svg(self, alternative: str) -> str:
        """The drawing as SVG text, with its text alternative as title."""
        out = StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with _settings():
            self._figure.savefig(out, format="svg", facecolor=self._figure.get_facecolor(), metadata=nothing)
        return _finished(out.getvalue(), alternative)


def _scale(axes: Axes, axis: Axis, name: str) -> None:
    """Give one of the axes its scale, its ticks and its words."""
    of = axes.xaxis if name == "x" else axes.yaxis
    if axis.logarithmic:
        axes.set(**{f"{name}scale": "log"})
    axes.set(**{f"{name}lim": (axis.low, axis.high)})
    of.set_ticks(list(axis.ticks), labels=[visible(words) for words in axis.ticks.values()])
    of.set_ticks([], minor=True)
    of.set_tick_params(color=_marked("line"), labelcolor=_marked("quiet"), labelsize=TEXT_PX - 1, length=3)
    if name == "x":  # the other title stands above, where it can be read without turning one's head
        of.set_label_text(visible(axis.title), color=_marked("quiet"), fontsize=TEXT_PX - 1)
    if axis.rules:
        axes.grid(axis="x" if name == "x" else "y", color=_marked("line"), linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("bottom", "left"))
        spine.set_color(_marked("line"))


def _dash(pen: Pen) -> str | tuple[float, tuple[float, ...]]:
    return (0.0, DASHES[pen.dash]) if DASHES[pen.dash] else "-"


@cache
def _marked(name: str) -> str:
    """A colour that stands for the name until the SVG is finished, and is nobody's real colour."""
    return f"#fe0d{list(COLOURS).index(name):02x}"


def _settings() -> AbstractContextManager[None]:
    """The library's settings while something is drawn: nobody's own configuration counts."""
    import matplotlib as mpl  # noqa: PLC0415

    return mpl.rc_context(
        {
            "svg.hashsalt": "wirematrix",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.sans-serif": list(FONTS),
            "font.size": TEXT_PX,
            "axes.unicode_minus": False,
            "text.parse_math": False,
            "path.simplify": True,
        }
    )


def _finished(source: str, alternative: str) -> str:
    """Without prolog, colours by name, both colour schemes, pixels, and a title."""
    body = source[source.index("<svg") :].replace('pt"', '"', 2)
    for name in COLOURS:
        body = body.replace(_marked(name), f"var(--{name})")
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    head, closing, rest = body.partition(">")
    light, dark = (";".join(f"--{name}:{pair[at]}" for name, pair in COLOURS.items()) for at in (0, 1))
    style = f":root{{color-scheme:light dark;{light}}}@media {DARK}{{:root{{{dark}}}}}"
    words = visible(alternative).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'{head} role="img"{closing}\n <title>{words}</title>\n <style>{style}</style>{rest}'
