"""One figure against the number of subscribers: a line for each tier, with the range over the rounds at each point."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from wirematrix.load_model import LoadTransport, Tier
from wirematrix.report.charts.canvas import Axis, Canvas, Pen
from wirematrix.report.charts.chart import Chart, Panel
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.pens import TRANSPORT_TITLES
from wirematrix.report.charts.places import apart, logarithmic, number, share, subscribers_axis, value_at
from wirematrix.report.loadwords import label, titled, unit

SIZE: Final = (480, 326)
MARGINS: Final = (46, 50, 146, 40)  # left, top, right, bottom
LABEL_PX: Final = 13  # of one line of text
LEADER_PX: Final = 14
CAPTION: Final = (
    "p50 over the rounds; the thin stroke is the lowest to the highest. A hollow mark is a round that the load "
    "generator or the machine limited: it is not compared. Dotted grey: raw asyncio, what this machine can do at best."
)


def trend(figures: Figures, name: str, figure: str, title: str) -> Chart | None:
    """The chart of a figure; None where no tier has it."""
    y = _axis(figures, figure)
    if y is None:
        return None
    panels = tuple(
        _panel(figures, name, figure, transport=transport, tiers=tiers, y=y)
        for transport, tiers in figures.by_transport.items()
    )
    return Chart(
        name=name,
        title=title,
        caption=CAPTION,
        panels=panels,
        columns=tuple(f"{each:,} subscribers, {unit(figure)}" for each in figures.subscribers),
        rows=figures.rows([(each, figure) for each in figures.subscribers]),
    )


def end_labels(canvas: Canvas, ends: list[tuple[str, Pen, float, float]], x: Axis, y: Axis) -> None:
    """Names at the right end of lines, each with a leader to where its line ends: name, pen, x and y of the end."""
    height, width = SIZE[1] - MARGINS[1] - MARGINS[3], SIZE[0] - MARGINS[0] - MARGINS[2]
    placed = apart([share(y, end[3]) for end in ends], LABEL_PX / height, low=0, high=1)
    for (name, pen, ends_at, height_at), place in zip(ends, placed, strict=True):
        right = value_at(x, 1 + LEADER_PX / width)
        canvas.leader((ends_at, right), (height_at, value_at(y, place)), pen)
        canvas.text(right, value_at(y, place), name, pen, dx=3)


def _axis(figures: Figures, figure: str) -> Axis | None:
    """One scale for all drawings of a chart."""
    keys = [(tier.name, each) for tier in figures.tiers for each in figures.subscribers]
    found = [summary for key in keys if (summary := figures.summary(*key, figure))]
    loose = [value for key in keys for value in figures.uncompared(*key, figure)]
    if not found:
        return None
    values = [value for one in found for value in (one.low, one.p50, one.high)] + loose
    return logarithmic(values, titled(figure))


def _panel(figures: Figures, name: str, figure: str, *, transport: LoadTransport, tiers: list[Tier], y: Axis) -> Panel:
    x = subscribers_axis(figures.subscribers)
    canvas = Canvas(TRANSPORT_TITLES[transport], x, y, size=SIZE, margins=MARGINS)
    ends = []
    for tier in sorted(tiers, key=lambda one: not one.floor):
        pen = figures.pens[tier.name]
        end = _line(canvas, figures, figure, tier, pen)
        if end:
            ends.append((tier.name, pen, *end))
    end_labels(canvas, ends, x, y)
    alternative = _alternative(figures, figure, transport, tiers)
    return Panel(
        name=f"{name}-{transport}", svg=canvas.svg(alternative), alternative=alternative, width=SIZE[0], height=SIZE[1]
    )


def _line(canvas: Canvas, figures: Figures, figure: str, tier: Tier, pen: Pen) -> tuple[float, float] | None:
    """Draw one tier; where its line ends. Points are joined only over neighbouring numbers of subscribers."""
    points: list[tuple[int, float] | None] = []
    for each in figures.subscribers:
        summary = figures.summary(tier.name, each, figure)
        usable = summary is not None and summary.p50 > 0
        points.append((each, summary.p50) if summary is not None and usable else None)
        if summary is not None and usable and summary.low > 0:
            canvas.span((each, each), (summary.low, summary.high), pen.but(width=1.1, dash="solid"))
        loose = [(float(each), value) for value in figures.uncompared(tier.name, each, figure) if value > 0]
        canvas.marks(loose, pen, hollow=True)
    for one, other in pairwise(points):
        if one and other:
            canvas.line([one, other], pen)
    known = [point for point in points if point]
    canvas.marks(known, pen)
    return known[-1] if known else None


def _alternative(figures: Figures, figure: str, transport: LoadTransport, tiers: list[Tier]) -> str:
    """The drawing in words: each tier from the least to the most subscribers."""
    parts = []
    for tier in tiers:
        known = [
            (each, summary) for each in figures.subscribers if (summary := figures.summary(tier.name, each, figure))
        ]
        if known:
            (first, low), (last, high) = known[0], known[-1]
            more = f" and {number(high.p50)} at {last:,}" if last != first else ""
            parts.append(f"{tier.name} {number(low.p50)} at {first:,}{more}")
        else:
            parts.append(f"{tier.name} {figures.absence(tier.name, figures.subscribers[-1], figure)}")
    return f"{TRANSPORT_TITLES[transport]}, {label(figure)} in {unit(figure)} by subscribers: {'; '.join(parts)}."
