"""What a claim is: a check with its weight. And the one sentence that all of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirematrix.model import Finding, Force, Held
from wirematrix.timeline import Timeline

Answer = tuple[Held, str]
Check = Callable[[Timeline], Answer]


@dataclass(frozen=True, slots=True)
class Claim:
    """A check with its weight."""

    check: Check
    force: Force

    def finding(self, timeline: Timeline) -> Finding:
        """What the check says about this timeline."""
        held, because = self.check(timeline)
        return Finding(check=self.check.__name__, force=self.force, held=held, because=because)


def must(check: Check | Claim) -> Claim:
    """A duty: from a standard or from our contract."""
    return check if isinstance(check, Claim) else Claim(check, Force.MUST)


def should(check: Check) -> Claim:
    """Good practice: broken, it degrades but does not fail."""
    return Claim(check, Force.SHOULD)


def how_it_ended(timeline: Timeline) -> str:
    """The page's last word, for sentences about what did not happen."""
    over = timeline.last("page", "over")
    if over:
        return f"over: {over.detail.get('because')}"
    last = timeline.last("page", "open", "error", "close", "status", "backoff", "opening")
    if last is None:
        return "the page recorded nothing"
    told = ", ".join(f"{key} {value}" for key, value in last.detail.items() if value not in (None, ""))
    return f"the page's last word: {last.kind}{f' ({told})' if told else ''} at {last.at_ms:.0f} ms"
