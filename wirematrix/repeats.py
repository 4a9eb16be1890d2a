"""What several attempts of one cell in one run say together: which one speaks, how often it failed, alone or not.

An attempt that was not made (a skip, or not reached because what it builds on failed) says nothing about the cell,
so it is not counted where others were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wirematrix.model import Attempt, Status


def was_made(attempt: Attempt) -> bool:
    """Whether the cell was really tried."""
    return attempt.verdict.status is not Status.SKIP and not attempt.verdict.builds_on


def deciding(attempts: Sequence[Attempt]) -> Attempt:
    """The attempt that speaks for its cell: the last unexpected one, else the last that was made, else the last.

    A later attempt never hides an unexpected one: a cell that surprised once is news, and flaky, too. Nor does one
    that was made alone: what it is asked is only whether the surprise needs company.
    """
    surprises = [one for one in attempts if not one.verdict.expected]
    among = [one for one in surprises if not one.isolated]
    made = [one for one in attempts if was_made(one)]
    return (among or surprises or made or list(attempts))[-1]


def disagreement(attempts: Sequence[Attempt]) -> str:
    """How a cell's attempts in one run differ, in a sentence; empty if they do not.

    `flaky: 3 of 10 fail`, and for an attempt made alone `fail among others, pass as expected alone: load?`.
    """
    sentences = [rate(attempts), company(attempts)]
    return "; ".join(sentence for sentence in sentences if sentence)


def rate(attempts: Sequence[Attempt]) -> str:
    """How many of the attempts made among others ended as what: all that differs from the typical claim."""
    among = [one for one in attempts if was_made(one) and not one.isolated]
    numbers = Counter(one.verdict.status for one in among)
    if len(numbers) < 2:
        return ""
    typical = among[-1].verdict.expectation.statuses[0]
    odd = ", ".join(f"{numbers[one]} of {len(among)} {one}" for one in Status if one is not typical and numbers[one])
    return f"flaky: {odd}"


def company(attempts: Sequence[Attempt]) -> str:
    """What the attempt that was made alone adds; empty if there was none."""
    alone = next((one for one in attempts if one.isolated), None)
    surprise = next((one for one in reversed(attempts) if not one.isolated and not one.verdict.expected), None)
    if alone is None or surprise is None:
        return ""
    before, status = surprise.verdict.status, alone.verdict.status
    if not was_made(alone):
        return f"unexpected among others ({before}), not attempted alone: {alone.verdict.because}"
    if alone.verdict.expected:
        return f"unexpected among others ({before}), as expected alone ({status}): load?"
    return f"unexpected among others ({before}) and alone ({status})"
