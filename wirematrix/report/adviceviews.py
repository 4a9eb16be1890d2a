"""A recommendation as a report shows it: the choice and why, row by row. Nothing is weighed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wirematrix.decision.answer import (
    Comparison,
    FactorDifference,
    FactorScore,
    Recommendation,
    RowDifference,
    RowFlip,
    RuleOutcome,
    Standing,
    WeightFlip,
)
from wirematrix.report.rowwords import RowWords, rows_words
from wirematrix.report.tally import counted

ROWS_SHOWN: Final = 3  # of a factor
FLIPS_SHOWN: Final = 6
SEEN: Final = 0.05  # points; less reads as 0.0
NAMES: Final = {
    "eventsource": "EventSource",
    "fetch-stream": "fetch streaming",
    "websocket": "WebSocket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What some runs recommend; without answers, why there are none, or nothing at all."""

    answers: tuple[Recommendation, ...] = ()
    because: str = ""


NO_ADVICE: Final = Advice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one slot says of the choice and of a rival, and what that is worth."""

    points: str
    slot: str
    own: tuple[RowWords, ...]
    rival: tuple[RowWords, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A factor that puts the choice ahead of a rival or behind it: by how much, and the rows that say so."""

    title: str
    points: str
    scores: str
    rows: tuple[Pair, ...]
    more: int  # rows that differ and are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """The choice held against one rival."""

    rival: str
    ahead_by: str
    ahead: tuple[Weighed, ...]
    behind: tuple[Weighed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its points, or why it is out, and what it needs."""

    candidate: str
    points: str
    notes: tuple[str, ...]
    rows: tuple[RowWords, ...]  # that decided the notes
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A change that would change the choice: what, and to which."""

    what: str
    to: str
    rows: tuple[RowWords, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """The answer for one profile."""

    anchor: str
    title: str
    because: str
    choice: str  # "EventSource with the resilient policy"
    headline: str
    confidence: str
    sure: tuple[str, ...]
    ranking: tuple[Ranked, ...]
    against: tuple[Against, ...]
    not_measured: tuple[tuple[str, str], ...]
    unweighed: tuple[str, ...]  # factors that count nothing for this use
    candidates: tuple[str, ...]
    factors: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]  # title, share, score each, gaps
    weight_flips: tuple[Flip, ...]
    row_flips: tuple[Flip, ...]
    rows_tried: int


def advice_views(answers: Sequence[Recommendation], load_anchor: str = "load") -> tuple[AdviceView, ...]:
    """A view for each answer, in their order."""
    return tuple(_view(answer, load_anchor) for answer in answers)


def called(candidate: str) -> str:
    """A candidate in words: `EventSource with the resilient policy`."""
    bare = candidate.removesuffix("+")
    name = NAMES.get(bare, bare)
    return f"{name} with the resilient policy" if candidate.endswith("+") else f"bare {name}"


def _view(answer: Recommendation, load_anchor: str) -> AdviceView:
    sure = answer.sureness
    candidates = tuple(one.candidate for one in answer.standings if not one.out)
    return AdviceView(
        anchor=f"advice.{answer.profile.name}",
        title=answer.profile.title,
        because=answer.profile.because,
        choice=called(answer.choice) if answer.choice else "none",
        headline=_headline(answer),
        confidence=str(sure.confidence),
        sure=(*sure.because, *_engines(answer)),
        ranking=tuple(_ranked(one, answer, load_anchor) for one in answer.standings),
        against=tuple(_against(one, load_anchor) for one in answer.comparisons),
        not_measured=tuple((one.title, one.because) for one in answer.not_measured if one.weight),
        unweighed=(
            *(one.title for one in answer.factors if not one.weight),
            *(one.title for one in answer.not_measured if not one.weight),
        ),
        candidates=candidates,
        factors=tuple(
            (
                factor.title,
                f"{100 * factor.share:.0f} %",
                tuple(score_in_words(factor.scores, name) for name in candidates),
                factor.gaps,
            )
            for factor in answer.factors
            if factor.weight
        ),
        weight_flips=tuple(map(_weight_flip, answer.weight_flips[:FLIPS_SHOWN])),
        row_flips=tuple(_row_flip(one, load_anchor) for one in answer.row_flips[:FLIPS_SHOWN]),
        rows_tried=answer.rows_tried,
    )


def _headline(answer: Recommendation) -> str:
    if not answer.choice or answer.points is None:
        return "No transport is left, or nothing was measured."
    said = f"{answer.points:.1f} of 100 points"
    if answer.tied:
        said += f", level with {' and '.join(map(called, answer.tied))}"
    elif answer.runner_up:
        said += f", {answer.runner_up.points:.1f} ahead of {called(answer.runner_up.rival)}"
    return f"{said}."


def _engines(answer: Recommendation) -> Iterable[str]:
    agreeing = [one for one in answer.sureness.engines if one.agrees]
    if answer.sureness.engines:
        yield f"{len(agreeing)} of {counted(len(answer.sureness.engines), 'engine build')} alone would choose the same"
    for one in answer.sureness.engines:
        if not one.agrees:
            yield f"{one.build} alone would choose {called(one.choice) if one.choice else 'nothing'}"
    if answer.unseen:
        yield f"of the audience no run has {', '.join(answer.unseen)}"


def _ranked(one: Standing, answer: Recommendation, load_anchor: str) -> Ranked:
    deciding: tuple[RuleOutcome, ...] = (*one.out, *one.conditions)
    return Ranked(
        candidate=one.candidate,
        points="out" if one.out else "not measured" if one.points is None else f"{one.points:.1f}",
        notes=tuple(f"{each.rule.title}: {each.because}" for each in deciding),
        rows=rows_words([row for each in deciding for row in each.rows][:ROWS_SHOWN], load_anchor),
        chosen=one.candidate == answer.choice,
    )


def _against(one: Comparison, load_anchor: str) -> Against:
    return Against(
        rival=called(one.rival),
        ahead_by=f"{one.points:.1f}",
        ahead=tuple(_weighed(each, load_anchor) for each in one.ahead if abs(each.points) >= SEEN),
        behind=tuple(_weighed(each, load_anchor) for each in one.behind if abs(each.points) >= SEEN),
    )


def _weighed(one: FactorDifference, load_anchor: str) -> Weighed:
    return Weighed(
        title=one.title,
        points=f"{one.points:+.1f}",
        scores=f"{one.own:.2f} against {one.rival:.2f}",
        rows=tuple(_pair(each, load_anchor) for each in one.rows[:ROWS_SHOWN] if abs(each.points) >= SEEN),
        more=sum(abs(each.points) >= SEEN for each in one.rows[ROWS_SHOWN:]),
    )


def _pair(one: RowDifference, load_anchor: str) -> Pair:
    engine = next((row.engine for row in (*one.own, *one.rival) if row.engine), "")
    return Pair(
        points=f"{one.points:+.1f}",
        slot=f"{one.slot}, {engine}" if engine else one.slot,
        own=rows_words(one.own, load_anchor),
        rival=rows_words(one.rival, load_anchor),
    )


def score_in_words(scores: Iterable[FactorScore], candidate: str) -> str:
    """The score of one of several candidates; a dash where it has none."""
    return next((f"{one.score:.2f}" for one in scores if one.candidate == candidate), "–")


def _weight_flip(one: WeightFlip) -> Flip:
    return Flip(what=f"{one.title}: weight {one.weight:g}, level at {one.flips_at:.3g}", to=called(one.to))


def _row_flip(one: RowFlip, load_anchor: str) -> Flip:
    whole = " in every engine" if one.whole else ""
    return Flip(
        what=f"{one.about}: if it said {one.would_be}{whole}",
        to=called(one.to) if one.to else "nothing is left",
        rows=rows_words(one.rows[:ROWS_SHOWN], load_anchor),
    )
