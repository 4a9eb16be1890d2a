"""What there is to draw of one load comparison, looked up once: the numbers, what is not compared, and the pens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from wirematrix.load_figures import COMPARED, FIGURES, Key, LeftOut, Summary, left_out, medians, phase_of
from wirematrix.load_model import Load, LoadTransport, Phase, Round, Tier
from wirematrix.report.charts.canvas import Pen
from wirematrix.report.charts.chart import NumberRow
from wirematrix.report.charts.pens import by_transport, pens
from wirematrix.report.loadwords import in_full, why_absent


class Figures:
    """One comparison as charts ask for it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.tiers: Sequence[Tier] = load.tiers
        self.by_transport: Mapping[LoadTransport, list[Tier]] = by_transport(load.tiers)
        self.subscribers: Sequence[int] = tuple(sorted(load.conditions.subscribers))
        self.pens: Mapping[str, Pen] = pens(load.tiers)
        self._medians: Mapping[Key, Mapping[str, Summary]] = medians(load)

    def summary(self, tier: str, subscribers: int, figure: str) -> Summary | None:
        """A figure over the rounds that count; None if there are none."""
        return self._medians.get((tier, subscribers), {}).get(figure)

    def absence(self, tier: str, subscribers: int, figure: str) -> str:
        """Why a figure has no number."""
        return why_absent(self._left_out.get((tier, subscribers, phase_of(figure))))

    def uncompared(self, tier: str, subscribers: int, figure: str) -> list[float]:
        """The values of rounds that were limited by the generator or the machine: shown, never compared."""
        if FIGURES[figure].counts_at_any_limit:
            return []
        phase = phase_of(figure)
        return [
            float(value)
            for each in self.rounds(tier, subscribers)
            if (value := each.figures.get(figure)) is not None
            and any(end.phase is phase and end.limit not in COMPARED for end in each.phases)
        ]

    def rounds(self, tier: str, subscribers: int, *, compared: Phase | None = None) -> list[Round]:
        """The rounds of a tier with so many subscribers; with `compared` those in which that phase counts."""
        return [
            each
            for each in self.load.rounds
            if (each.tier, each.subscribers) == (tier, subscribers)
            and (compared is None or any(end.phase is compared and end.limit in COMPARED for end in each.phases))
        ]

    def largest(self, figure: str) -> int:
        """The number of subscribers at which most tiers have the figure; of several the largest."""
        return max(
            self.subscribers,
            key=lambda number: (sum(bool(self.summary(tier.name, number, figure)) for tier in self.tiers), number),
        )

    def rows(self, figures: Sequence[tuple[int, str]]) -> tuple[NumberRow, ...]:
        """A row for each tier: each figure at its number of subscribers, in full."""
        return tuple(
            NumberRow(
                tier=tier.name,
                cells=tuple(
                    in_full(self.summary(tier.name, number, figure), self.absence(tier.name, number, figure))
                    for number, figure in figures
                ),
            )
            for tier in self.tiers
        )

    @cached_property
    def _left_out(self) -> Mapping[tuple[str, int, Phase], LeftOut]:
        return {(one.tier, one.subscribers, one.phase): one for one in left_out(self.load)}
