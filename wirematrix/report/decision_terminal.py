"""A recommendation in a terminal: readable at 80 columns and in a pipe; every mark is a word as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wirematrix.decision.answer import (
    Comparison,
    Confidence,
    FactorDifference,
    Recommendation,
    RowFlip,
    RuleOutcome,
    Standing,
)
from wirematrix.report.decisionwords import against_in_words, row_name, rows_of_flip, says, weight_in_words
from wirematrix.report.tally import counted
from wirematrix.report.text import visible

FACTORS_AT_MOST: Final = 6
ROWS_AT_MOST: Final = 2  # of a factor, those that weigh most
FLIPS_AT_MOST: Final = 6
WEIGHTS_AT_MOST: Final = 4  # beyond, the change would be large
BAR_WIDTH: Final = 20
STYLES: Final = {Confidence.STRONG: "green", Confidence.FAIR: "yellow", Confidence.WEAK: "red"}


def print_recommendations(found: Sequence[Recommendation], console: Console) -> None:
    """Print an overview if there are several, then each answer with its reasons."""
    if len(found) > 1:
        console.print(_overview(found))
    for each in found:
        console.print()
        for part in _parts(each):
            console.print(part)


def _overview(found: Sequence[Recommendation]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for heading in ("profile", "choice", "points", "ahead", "sure"):
        table.add_column(heading, justify="right" if heading in ("points", "ahead") else "left")
    for each in found:
        ahead = f"{each.runner_up.points:.1f}" if each.runner_up else "-"
        sure = each.sureness.confidence
        choice = Text(each.choice or "none", style="bold")
        table.add_row(each.profile.name, choice, _points(each.points), ahead, Text(str(sure), style=STYLES[sure]))
    return table


def _parts(found: Recommendation) -> Iterator[RenderableType]:
    yield Text(visible(f"{found.profile.title} ({found.profile.name})"), style="bold underline")
    yield Text(visible(found.profile.because), style="dim")
    yield _answer(found)
    yield _standings(found.standings)
    yield from _rules(found.standings)
    for number, comparison in enumerate(found.comparisons):
        yield from _against(comparison, full=number == 0)
    yield from _missing(found)
    yield from _sureness(found)
    yield from _flips(found)


def _answer(found: Recommendation) -> Text:
    if not found.choice:
        because = "every candidate is out" if all(each.out for each in found.standings) else "nothing was measured"
        return Text(f"→ none: {because}", style="bold red")
    line = Text.assemble("→ ", (found.choice, "bold green"))
    if found.points is not None:
        line.append(f", {found.points:.1f} of 100 points")
    if found.tied:
        line.append(f", level with {', '.join(found.tied)}")
    elif found.runner_up:
        line.append(f", {found.runner_up.points:.1f} ahead of {found.runner_up.rival}")
    elif found.points is not None:
        line.append(", and nobody else is in")
    for condition in found.standings[0].conditions:
        line.append(f"\n  on condition that you write it so: {visible(condition.because)}")
    return line


def _standings(standings: Sequence[Standing]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for each in standings:
        bar = Text("━" * round((each.points or 0.0) / 100 * BAR_WIDTH), style="cyan")
        table.add_row(f"  {each.candidate}", Text("out", style="red") if each.out else _points(each.points), bar)
    return table


def _rules(standings: Sequence[Standing]) -> Iterator[RenderableType]:
    """Why somebody is out: told once for all to whom it happened for the same reason."""
    told: dict[tuple[str, str], list[RuleOutcome]] = {}
    for standing in standings:
        for outcome in standing.out:
            told.setdefault((outcome.rule.title, outcome.because), []).append(outcome)
    if told:
        yield _heading("knocked out")
    for (title, because), outcomes in told.items():
        names = ", ".join(outcome.candidate for outcome in outcomes)
        yield _line(f"{names}: {title}. {because}")
        yield from (_small(f"{says(row)}: {row_name(row)}") for row in outcomes[0].rows[:ROWS_AT_MOST])


def _against(comparison: Comparison, *, full: bool) -> Iterator[RenderableType]:
    if not full:
        reasons = ", ".join(f"{each.title} ({each.points:+.1f})" for each in comparison.ahead[:3])
        yield _heading(f"against {comparison.rival}: {comparison.points:+.1f} points")
        yield _line(reasons or "nothing speaks for the choice")
        return
    yield _heading(f"decides, against {comparison.rival}")
    for each in comparison.ahead[:FACTORS_AT_MOST]:
        yield from _difference(each)
    if (left := len(comparison.ahead) - FACTORS_AT_MOST) > 0:
        yield _line(f"and {counted(left, 'factor')} more, {_sum(comparison.ahead[FACTORS_AT_MOST:]):+.1f} points")
    if not comparison.ahead:
        yield _line("nothing")
    yield _heading("speaks against it")
    for each in comparison.behind[:FACTORS_AT_MOST]:
        yield from _difference(each)
    if not comparison.behind:
        yield _line("nothing that was measured")


def _difference(difference: FactorDifference) -> Iterator[RenderableType]:
    scores = f"{difference.own:.2f} to {difference.rival:.2f}"
    yield _line(f"{difference.points:+5.1f}  {difference.title} ({scores})")
    for row in difference.rows[:ROWS_AT_MOST]:
        yield from map(_small, against_in_words(row))
    if (left := len(difference.rows) - ROWS_AT_MOST) > 0:
        yield _small(f"and {counted(left, 'row')} more")


def _missing(found: Recommendation) -> Iterator[RenderableType]:
    weighing = [each for each in found.not_measured if each.weight]
    parts = [each for each in found.factors if each.weight and each.gaps]
    opened = sorted(
        {
            f"{outcome.rule.title}, for {outcome.candidate}: {outcome.because}"
            for standing in found.standings
            for outcome in standing.outcomes
            if outcome.ruling == "not measured"
        }
    )
    if weighing or parts or opened or found.unseen:
        yield _heading("not measured, so left out")
    for rule in opened:
        yield _line(rule)
    for engine in found.unseen:
        yield _line(f"{engine}: in the audience, and in no run")
    for each in weighing:
        yield _line(f"{each.title} (weight {each.weight:g}): {each.because}")
    for factor in parts:
        yield _line(f"a part of {factor.title}: {'; '.join(factor.gaps)}")


def _sureness(found: Recommendation) -> Iterator[RenderableType]:
    sure = found.sureness
    yield _heading(f"how sure: {sure.confidence}")
    agree = ", ".join(f"{one.build}: {one.choice or 'none'}" for one in sure.engines)
    facts = [f"{sure.measured_share:.0%} of the weights measured", counted(sure.rows, "measured row")]
    if sure.rounds:
        facts.append(counted(sure.rounds, "round") + " under load")
    yield _line(", ".join(facts))
    if agree:
        yield _line(f"by engine alone: {agree}")
    for because in sure.because:
        yield _line(f"it is no surer, because {because}")
    for row in sure.flaky:
        yield _line(f"flaky: {row_name(row)}: {says(row)}")


def _flips(found: Recommendation) -> Iterator[RenderableType]:
    yield _heading("would flip it")
    for weight in found.weight_flips[:WEIGHTS_AT_MOST]:
        yield _line(f"{weight.title}: {weight_in_words(weight)} → {weight.to}")
    if not found.weight_flips:
        yield _line("no weight alone")
    for row in found.row_flips[:FLIPS_AT_MOST]:
        yield from _row_flip(row)
    if (left := len(found.row_flips) - FLIPS_AT_MOST) > 0:
        yield _line(f"and {counted(left, 'row')} more")
    if not found.row_flips:
        yield _line(f"none of {counted(found.rows_tried, 'measured row')} alone")


def _row_flip(flip: RowFlip) -> Iterator[RenderableType]:
    now = says(flip.rows[0]) if not flip.whole else "as they are"
    yield _line(f"{flip.about}: {flip.would_be} instead of {now} → {flip.to or 'nobody is left'}")
    yield _small(rows_of_flip(flip))


def _sum(differences: Sequence[FactorDifference]) -> float:
    return sum(each.points for each in differences)


def _heading(text: str) -> Text:
    return Text(f"  {visible(text)}", style="bold")


def _line(text: str) -> Padding:
    return Padding(Text(visible(text)), (0, 0, 0, 4), expand=False)


def _small(text: str) -> Padding:
    return Padding(Text(visible(text), style="dim"), (0, 0, 0, 9), expand=False)


def _points(points: float | None) -> str:
    return "-" if points is None else f"{points:.1f}"
