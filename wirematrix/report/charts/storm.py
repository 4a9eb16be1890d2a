"""After a cut of all connections at once: which share of them is open again, every 100 ms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import Final

from wirematrix.load_model import LoadTransport, Phase, Tier
from wirematrix.report.charts.canvas import Axis, Canvas
from wirematrix.report.charts.chart import Chart, Panel
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.pens import TRANSPORT_TITLES
from wirematrix.report.charts.places import linear, number
from wirematrix.report.charts.trends import MARGINS, SIZE, end_labels
from wirematrix.report.loadwords import titled

STEP_MS: Final = 100
FIGURES: Final = ("storm_half_back_ms", "storm_95_back_ms", "storm_all_back_ms", "storm_lost", "storm_duplicated")
CAPTION: Final = (
    "{subscribers:,} subscribers, cut at 0; each tries again after {delay}. The p50 over the rounds; the faint lines "
    "are the single rounds, told every 100 ms."
)
SHARES: Final = Axis(
    low=0,
    high=104,
    ticks={0.0: "0 %", 25.0: "25 %", 50.0: "50 %", 75.0: "75 %", 100.0: "100 %"},
    title="subscribers that are back",
)
Line = Sequence[tuple[float, float]]


def storm(figures: Figures, name: str, title: str) -> Chart | None:
    """The chart; None where no round has a storm that is compared."""
    if not figures.subscribers:
        return None
    at = max(
        figures.subscribers,
        key=lambda number: (sum(bool(_lines(figures, tier.name, number)) for tier in figures.tiers), number),
    )
    lines = {tier.name: found for tier in figures.tiers if (found := _lines(figures, tier.name, at))}
    if not lines:
        return None
    x = linear([one[-1][0] for found in lines.values() for one in found], "since the cut, ms")
    return Chart(
        name=name,
        title=title,
        caption=CAPTION.format(subscribers=at, delay=f"{number(figures.load.conditions.storm_delay_ms)} ms"),
        panels=tuple(
            _panel(figures, name, lines, transport=transport, tiers=tiers, x=x)
            for transport, tiers in figures.by_transport.items()
        ),
        columns=tuple(titled(figure) for figure in FIGURES),
        rows=figures.rows([(at, figure) for figure in FIGURES]),
    )


def _lines(figures: Figures, tier: str, subscribers: int) -> list[Line]:
    """A line for each round that counts: ms since the cut, percent back; up to where it stops to rise."""
    lines: list[Line] = []
    for each in figures.rounds(tier, subscribers, compared=Phase.STORM):
        back = list(accumulate(each.storm_arrivals))
        if back and back[-1] and subscribers:
            ends = back.index(back[-1])
            lines.append(
                [(0.0, 0.0)]
                + [((place + 1) * STEP_MS, 100 * count / subscribers) for place, count in enumerate(back[: ends + 1])]
            )
    return lines


def _middle(lines: Sequence[Line]) -> Line:
    """The p50 of the lines at each step; a line that has ended stays where it ended."""
    longest = max(len(line) for line in lines)
    return [(place * STEP_MS, median(line[min(place, len(line) - 1)][1] for line in lines)) for place in range(longest)]


def _panel(
    figures: Figures,
    name: str,
    lines: dict[str, list[Line]],
    *,
    transport: LoadTransport,
    tiers: list[Tier],
    x: Axis,
) -> Panel:
    canvas = Canvas(TRANSPORT_TITLES[transport], x, SHARES, size=SIZE, margins=MARGINS)
    ends, said = [], []
    for tier in sorted(tiers, key=lambda one: not one.floor):
        if tier.name not in lines:
            continue
        pen = figures.pens[tier.name].but(shape="none")
        for line in lines[tier.name] if len(lines[tier.name]) > 1 else ():
            canvas.line(line, pen.but(width=0.8, dash="solid"), faint=True)
        middle = _middle(lines[tier.name])
        canvas.line(middle, pen)
        ends.append((tier.name, pen, *middle[-1]))
        said.append(f"{tier.name} {middle[-1][1]:.0f} % after {number(middle[-1][0])} ms")
    end_labels(canvas, ends, x, SHARES)
    alternative = f"{TRANSPORT_TITLES[transport]}, share of subscribers back: {'; '.join(said) or 'not measured'}."
    return Panel(
        name=f"{name}-{transport}", svg=canvas.svg(alternative), alternative=alternative, width=SIZE[0], height=SIZE[1]
    )
