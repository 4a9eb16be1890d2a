"""Footnotes: a reason that many cells share is written once, and the cells carry its mark."""

from __future__ import annotations

from wirematrix.model import Status
from wirematrix.report.views import ReasonView


class Footnotes:
    """Hands out marks (1, 2, ... or a, b, ...) in the order in which reasons are first met."""

    def __init__(self, *, lettered: bool = False) -> None:
        self._lettered = lettered
        self._reasons: dict[tuple[str, str], list[Status]] = {}
        self._cells: dict[tuple[str, str], int] = {}

    def mark(self, because: str, *, see: str = "", status: Status | None = None) -> str:
        """The mark of a reason; the same for the same sentence and link."""
        reason = (because, see)
        statuses = self._reasons.setdefault(reason, [])
        if status is not None and status not in statuses:
            statuses.append(status)
        self._cells[reason] = self._cells.get(reason, 0) + 1
        return self._name(list(self._reasons).index(reason))

    def views(self) -> tuple[ReasonView, ...]:
        """Every reason met so far, in the order of its mark."""
        return tuple(
            ReasonView(
                mark=self._name(place),
                because=because,
                see=see,
                statuses=tuple(statuses),
                cells=self._cells[because, see],
            )
            for place, ((because, see), statuses) in enumerate(self._reasons.items())
        )

    def _name(self, place: int) -> str:
        if not self._lettered:
            return str(place + 1)
        beyond, letter = divmod(place, 26)
        return (self._name(beyond - 1) if beyond else "") + chr(ord("a") + letter)
