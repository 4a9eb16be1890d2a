"""How late deliveries were, over all percentiles: a curve for each tier, each nine as wide as the one before."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from wirematrix.load_model import LoadTransport, Phase, Tier
from wirematrix.report.charts.canvas import Axis, Canvas
from wirematrix.report.charts.chart import Chart, NumberRow, Panel
from wirematrix.report.charts.curve import Curve, curve
from wirematrix.report.charts.figures import Figures
from wirematrix.report.charts.pens import TRANSPORT_TITLES
from wirematrix.report.charts.places import logarithmic, number
from wirematrix.report.charts.trends import MARGINS, SIZE, end_labels

NINES: Final = ("0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %")
SHARES: Final = (50.0, 90.0, 99.0, 99.9, 100.0)
CAPTION: Final = (
    "With {subscribers:,} subscribers, all rounds that are compared put together; the faint lines are the single "
    "rounds. Read: 99 % of the deliveries were no later than the curve at 99 %, from the time they were due."
)
Curves = Mapping[str, tuple[Curve, tuple[Curve, ...]]]  # of a tier: all rounds together, and each round


def percentiles(figures: Figures, name: str, title: str) -> Chart | None:
    """The chart; None where no round has a histogram."""
    if not figures.subscribers:
        return None
    at = figures.largest("latency_p99_ms")
    curves = {tier.name: found for tier in figures.tiers if (found := _curves(figures, tier.name, at))}
    if not curves:
        return None
    lates = [late for whole, each in curves.values() for one in (whole, *each) for _, late in one.points]
    y = logarithmic(lates, "latency, ms")
    furthest = min(len(NINES) - 1, ceil(max(whole.points[-1][0] for whole, _ in curves.values())))
    x = Axis(
        low=0,
        high=float(furthest),
        ticks={float(nines): NINES[nines] for nines in range(furthest + 1)},
        title="share of deliveries",
    )
    return Chart(
        name=name,
        title=title,
        caption=CAPTION.format(subscribers=at),
        panels=tuple(
            _panel(figures, name, curves, transport=transport, tiers=tiers, axes=(x, y))
            for transport, tiers in figures.by_transport.items()
        ),
        columns=("deliveries", *(f"p{share:g}, ms" if share < 100 else "slowest, ms" for share in SHARES)),
        rows=tuple(_row(tier, curves.get(tier.name)) for tier in figures.tiers),
    )


def _curves(figures: Figures, tier: str, at: int) -> tuple[Curve, tuple[Curve, ...]] | None:
    texts = [each.latency_hdr for each in figures.rounds(tier, at, compared=Phase.PACED)]
    whole = curve(texts, SHARES)
    return (whole, tuple(one for text in texts if (one := curve([text], SHARES)))) if whole else None


def _panel(
    figures: Figures,
    name: str,
    curves: Curves,
    *,
    transport: LoadTransport,
    tiers: list[Tier],
    axes: tuple[Axis, Axis],
) -> Panel:
    canvas = Canvas(TRANSPORT_TITLES[transport], *axes, size=SIZE, margins=MARGINS)
    ends, said = [], []
    for tier in sorted(tiers, key=lambda one: not one.floor):
        if tier.name not in curves:
            continue
        pen = figures.pens[tier.name].but(shape="none")
        whole, each = curves[tier.name]
        for one in each if len(each) > 1 else ():
            canvas.line(one.points, pen.but(width=0.8, dash="solid"), faint=True)
        canvas.line(whole.points, pen)
        ends.append((tier.name, pen, *whole.points[-1]))
        half, _, most, *_ = whole.percentiles
        said.append(f"{tier.name} {number(half)} ms at 50 %, {number(most)} ms at 99 %")
    end_labels(canvas, ends, *axes)
    alternative = f"{TRANSPORT_TITLES[transport]}, latency by share of deliveries: {'; '.join(said) or 'not measured'}."
    return Panel(
        name=f"{name}-{transport}", svg=canvas.svg(alternative), alternative=alternative, width=SIZE[0], height=SIZE[1]
    )


def _row(tier: Tier, found: tuple[Curve, tuple[Curve, ...]] | None) -> NumberRow:
    if found is None:
        return NumberRow(tier=tier.name, cells=("not measured", *[""] * len(SHARES)))
    whole, each = found
    cells = []
    by_share = zip(*(one.percentiles for one in each), strict=True)
    for late, own in zip(whole.percentiles, map(sorted, by_share), strict=True):
        spread = f" ({number(own[0])} to {number(own[-1])}, n {len(own)})" if len(own) > 1 else ", n 1"
        cells.append(f"{number(late)}{spread}")
    return NumberRow(tier=tier.name, cells=(f"{whole.deliveries:,}", *cells))
