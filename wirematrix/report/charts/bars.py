"""One figure at one number of subscribers: a bar for each tier, its range over the rounds, the floor as a line."""

from __future__ import annotations

from typing import Final

from wirematrix.load_model import LoadTransport, Tier
from wirematrix.report.charts.canvas import Axis, Canvas
from wirematrix.report.charts.chart import Chart, Panel
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.pens import FLOOR, INK, QUIET, TRANSPORT_TITLES
from wirematrix.report.charts.places import linear, number, share
from wirematrix.report.loadwords import AT_LIMIT, label, titled, unit

WIDTH: Final = 480
ROW_PX: Final = 27
MARGINS: Final = (146, 34, 62, 40)
BESIDE: Final = 0.4  # of the axis: room for words before the first mark
CAPTION: Final = (
    "p50 over the rounds with {subscribers:,} subscribers; the thin stroke is the lowest to the highest. The dotted "
    f"line is raw asyncio over the same transport, what this machine can do at best. {AT_LIMIT}: the server was at the "
    "end of what it can do. A hollow mark is a round that the load generator or the machine limited: not compared."
)


def bars(figures: Figures, name: str, figure: str, title: str) -> Chart | None:
    """The chart of a figure where most tiers have it; None where no tier has it."""
    if not figures.subscribers:
        return None
    at = figures.largest(figure)
    found = [summary for tier in figures.tiers if (summary := figures.summary(tier.name, at, figure))]
    if not found:
        return None
    x = linear([one.high for one in found], titled(figure))
    return Chart(
        name=name,
        title=title,
        caption=CAPTION.format(subscribers=at),
        panels=tuple(
            _panel(figures, name, figure, at=at, transport=transport, tiers=tiers, x=x)
            for transport, tiers in figures.by_transport.items()
        ),
        columns=tuple(f"{each:,} subscribers, {unit(figure)}" for each in figures.subscribers),
        rows=figures.rows([(each, figure) for each in figures.subscribers]),
    )


def _panel(
    figures: Figures, name: str, figure: str, *, at: int, transport: LoadTransport, tiers: list[Tier], x: Axis
) -> Panel:
    most = max(map(len, figures.by_transport.values()))  # drawings side by side have rows of one height
    height = MARGINS[1] + ROW_PX * most + MARGINS[3]
    y = Axis(
        low=len(tiers) - most - 0.5,
        high=len(tiers) - 0.5,
        ticks={float(len(tiers) - 1 - place): tier.name for place, tier in enumerate(tiers)},
        title="",
        rules=False,
    )
    canvas = Canvas(TRANSPORT_TITLES[transport], x, y, size=(WIDTH, height), margins=MARGINS)
    said = []
    for place, tier in zip(y.ticks, tiers, strict=True):
        summary = figures.summary(tier.name, at, figure)
        if summary is None:
            because = figures.absence(tier.name, at, figure)
            loose = [(value, place) for value in figures.uncompared(tier.name, at, figure) if value <= x.high]
            canvas.marks(loose, figures.pens[tier.name].but(shape="circle"), hollow=True)
            before = not loose or share(x, min(loose)[0]) > BESIDE
            canvas.text(
                x.low if before else max(loose)[0], place, because.partition(":")[0], QUIET, dx=6 if before else 10
            )
            said.append(f"{tier.name} {because}")
            continue
        pen = figures.pens[tier.name]
        canvas.bar(place, summary.p50, pen)
        canvas.span((summary.low, summary.high), (place, place), pen.but(width=1.6, dash="solid"))
        if tier.floor:
            canvas.span((summary.p50, summary.p50), (y.low, y.high), FLOOR)
        limit = f" {AT_LIMIT}" if summary.at_limit else ""
        canvas.text(max(summary.high, summary.p50), place, f"{number(summary.p50)}{limit}", INK, dx=7)
        said.append(f"{tier.name} {number(summary.p50)}")
    alternative = (
        f"{TRANSPORT_TITLES[transport]}, {label(figure)} in {unit(figure)} with {at:,} subscribers: {'; '.join(said)}."
    )
    return Panel(
        name=f"{name}-{transport}", svg=canvas.svg(alternative), alternative=alternative, width=WIDTH, height=height
    )
