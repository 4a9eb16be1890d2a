"""For and against each transport, and the recommendation for each use, with the rows that decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wirematrix.decision.answer import Recommendation
from wirematrix.report.adviceviews import AdviceView, Against, Weighed, called, score_in_words
from wirematrix.report.comparison.tables import evidence, table
from wirematrix.report.markdown import escaped
from wirematrix.report.prosandcons import Point, Sides, more_in_words


def in_short(advice: Sequence[AdviceView]) -> Iterator[str]:
    """One line for each use."""
    yield from table(
        ["use", "choice", "by how much", "how sure"],
        (
            [escaped(one.title), f"**{escaped(one.choice)}**", escaped(one.headline), escaped(one.confidence)]
            for one in advice
        ),
    )


def for_and_against(sides: Sequence[Sides], answer: Recommendation | None) -> Iterator[str]:
    """The section: what follows from rows, bare transports held against bare ones, those with the policy likewise."""
    yield "## For and against"
    yield ""
    yield (
        "What follows from measured rows, the clearest first: scores from 0 to 1, against the best or the worst of the "
        "others. A bare transport is held against the other bare ones, one with the resilient policy against those "
        "with it; what all do alike speaks for none."
    )
    yield ""
    if answer:
        names = [one.candidate for one in sides]
        yield from table(
            ["score, 0 to 1", *map(escaped, names)],
            (
                [escaped(factor.title), *(score_in_words(factor.scores, name) for name in names)]
                for factor in answer.factors
            ),
            numbers=True,
        )
    for one in sides:
        yield f"### {escaped(called(one.candidate))}"
        yield ""
        for what, points in (("For it:", one.pros), ("Against it:", one.cons)):
            yield what
            yield ""
            yield from (_point(point) for point in points)
            if not points:
                yield "- nothing that was measured."
            yield ""


def recommendation(advice: Sequence[AdviceView]) -> Iterator[str]:
    """The section: per use the choice, what decides, what speaks against it, what would flip it."""
    yield "## Recommendation"
    yield ""
    yield (
        "Points are hundredths of what a candidate can have that is best in everything that counts. What was not "
        "measured is left out of the sum and named. `wirematrix recommend` prints the same."
    )
    yield ""
    for one in advice:
        yield from _use(one)


def _use(one: AdviceView) -> Iterator[str]:
    yield f"### {escaped(one.title)}: {escaped(one.choice)}"
    yield ""
    yield f"{escaped(one.headline)} **{escaped(one.confidence.capitalize())}**: {escaped('; '.join(one.sure))}."
    yield ""
    yield escaped(one.because)
    yield ""
    yield from table(
        ["candidate", "points", "needs, or is out because"],
        (
            [
                f"**{escaped(each.candidate)}**" if each.chosen else escaped(each.candidate),
                escaped(each.points),
                "; ".join(filter(None, (escaped("; ".join(each.notes)), evidence(each.rows)))),
            ]
            for each in one.ranking
        ),
    )
    for rival in one.against:
        yield from _against(rival)
    yield "**What would flip it**"
    yield ""
    yield from (f"- {escaped(flip.what)}: {escaped(flip.to)}" for flip in one.weight_flips)
    yield from (f"- {escaped(flip.what)}: {escaped(flip.to)}. {evidence(flip.rows)}" for flip in one.row_flips)
    if not one.weight_flips:
        yield "- no change of a single weight."
    if not one.row_flips:
        yield f"- no single row of the {one.rows_tried:,} that were tried."
    yield ""
    yield "**Not measured**"
    yield ""
    yield from (f"- {escaped(title)}: {escaped(because)}" for title, because in one.not_measured)
    if not one.not_measured:
        yield "- nothing: every factor that counts here was measured."
    yield ""


def _against(rival: Against) -> Iterator[str]:
    yield f"**Against {escaped(rival.rival)}**, {escaped(rival.ahead_by)} points ahead"
    yield ""
    yield from (_weighed("decides", each) for each in rival.ahead)
    yield from (_weighed("speaks against it", each) for each in rival.behind)
    if not rival.behind:
        yield "- no row speaks against it."
    yield ""


def _weighed(what: str, factor: Weighed) -> str:
    rows = "; ".join(
        f"{escaped(pair.slot)}: {evidence(pair.own) or 'nothing'} against {evidence(pair.rival) or 'nothing'}"
        for pair in factor.rows[:1]
    )
    more = factor.more + len(factor.rows[1:])
    others = f"; and {more} more" if more else ""
    return f"- {what}: **{escaped(factor.title)}** {escaped(factor.points)} ({escaped(factor.scores)}). {rows}{others}"


def _point(point: Point) -> str:
    more = more_in_words(point)
    rows = f"{evidence(point.rows)}{f'; {more}' if more else ''}"
    return f"- **{escaped(point.title)}**: {escaped(point.scores)}. {rows}".rstrip()
