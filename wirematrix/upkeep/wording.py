"""What an update changes and what it leaves, in lines that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wirematrix.expectations import Claim
from wirematrix.matrix import Matrix
from wirematrix.model import Build, Run, Status
from wirematrix.nodes import enumeration, is_unfinished
from wirematrix.upkeep.draft import Draft
from wirematrix.upkeep.patch import condition_words, selector_words
from wirematrix.upkeep.revision import Revision, Switches
from wirematrix.upkeep.sightings import Sighting, Sightings

NAMED: Final = 5  # strangers by name; the others are counted


def lines(
    runs: Sequence[Run], matrix: Matrix, sightings: Sightings, revision: Revision, switches: Switches
) -> Iterator[str]:
    """Everything worth knowing: what was read and ignored, each change, what was left and why, what to do next."""
    yield from _read(runs, sightings, matrix.file)
    yield from _changes(matrix, sightings, revision)
    yield from _left(revision, sightings, switches)
    yield _total(revision)
    unfinished = sum(
        is_unfinished(claim.expectation.because) or is_unfinished(claim.expectation.see) for claim in revision.claims
    )
    if unfinished:
        says = "expectation says" if unfinished == 1 else "expectations say"
        yield f"{unfinished} {says} TODO: write why and where to read on; until then {matrix.file} is refused"


def _read(runs: Sequence[Run], sightings: Sightings, file: str) -> Iterator[str]:
    attempts = sum(sighting.attempts for sighting in sightings.cells)
    cells = len({sighting.cell for sighting in sightings.cells})
    builds = f", with {enumeration([_named(build) for build in sightings.builds])}" if sightings.builds else ""
    yield f"read {_count(len(runs), 'run')}: {_count(attempts, 'attempt')} of {_count(cells, 'cell')}{builds}"
    for reason, count in sightings.ignored.items():
        yield f"ignored {_count(count, 'attempt')}: {reason}"
    if sightings.strangers:
        named = list(sightings.strangers)[:NAMED]
        more = len(sightings.strangers) - len(named)
        names = enumeration([*named, f"{more} more"] if more else named)
        yield f"ignored {_count(sum(sightings.strangers.values()), 'attempt')}: not in {file}: {names}"


def _changes(matrix: Matrix, sightings: Sightings, revision: Revision) -> Iterator[str]:
    before, draft = Draft(matrix, sightings), revision.draft
    for each in revision.restated:
        said, says = each.before.expectation, each.after.expectation
        marked = "; its reason is marked TODO" if says.because != said.because else ""
        seen = _seen(draft.governed(each.after))
        statuses = f"{_words(said.statuses)} → {_words(says.statuses)}"
        yield f"restated {_where(each.before)}: {statuses}; seen: {seen}{_followers(each.after, revision)}{marked}"
    for claim in revision.removed:
        words = _words(claim.expectation.statuses)
        yield f"removed {_where(claim)}: {words}, needed no more; seen: {_seen(before.governed(claim))}"
    for claim in revision.added:
        governed = list(draft.governed(claim))
        expected = dict.fromkeys(
            matrix.expectation_for(sighting.cell, sighting.build).statuses for sighting in governed
        )
        condition = condition_words(claim.build)
        cells = selector_words(claim.selector, matrix.axes) + (f" with {condition}" if condition else "")
        yield (
            f"added {cells}: {' or '.join(map(_words, expected))} → {_words(claim.expectation.statuses)};"
            f" seen: {_seen(governed)}{_followers(claim, revision)}"
        )


def _left(revision: Revision, sightings: Sightings, switches: Switches) -> Iterator[str]:
    """What was seen and is still not expected; statuses that would have been dropped if more had been seen."""
    for sighting in sightings.cells:
        expected = revision.draft.statuses(sighting.cell, sighting.build)
        fresh = [status for status in sighting.ranked if status not in expected]
        if not fresh:
            continue
        if sighting in revision.beyond_words:
            why = "no condition tells this build from another: write it by hand"
        else:
            why = f"--add-intermittents adds {enumeration(fresh)}"
        what = f"{sighting.cell.id} with {_named(sighting.build)}"
        yield f"left {what}: {_times(sighting.counts)}; expected: {_words(expected)}; {why}"
    for claim in revision.claims if switches.drop_intermittents else ():
        seen = list(revision.draft.governed(claim))
        idle = [
            status for status in claim.expectation.statuses if all(status not in sighting.counts for sighting in seen)
        ]
        if seen and idle:
            but = _too_little(claim, seen, revision, switches)
            yield f"left {_where(claim)}: {enumeration(idle)} was not seen, but {but}"


def _too_little(claim: Claim, seen: Sequence[Sighting], revision: Revision, switches: Switches) -> str:
    """Why what was seen of a claim is not enough to drop a status."""
    if unseen := list(revision.draft.unseen(claim)):
        return f"neither was {unseen[0].id}" + (f", nor {len(unseen) - 1} more of its cells" if unseen[1:] else "")
    least = min(seen, key=lambda sighting: sighting.attempts)
    attempts = _count(least.attempts, "attempt")
    return f"{least.cell.id} has {attempts} of the {switches.min_attempts} it takes (--min-attempts)"


def _total(revision: Revision) -> str:
    if not revision.changes:
        return "nothing changes"
    parts = (("restated", revision.restated), ("removed", revision.removed), ("added", revision.added))
    each = enumeration([f"{len(changed)} {word}" for word, changed in parts if changed])
    return f"{_count(revision.changes, 'expectation')}: {each}"


def _followers(claim: Claim, revision: Revision) -> str:
    """The engines that a claim means without naming them, and that no run has."""
    draft = revision.draft
    if claim.selector.engine is not None:
        return ""
    engines = dict.fromkeys(cell.engine for cell in draft.index.meant(claim.selector))
    silent = [engine for engine in engines if engine not in draft.counting_engines]
    return f"; {enumeration(silent)}, not in these runs, {'follow' if silent[1:] else 'follows'}" if silent else ""


def _seen(sightings: Iterable[Sighting]) -> str:
    seen = list(sightings)
    counts: Counter[Status] = Counter()
    for sighting in seen:
        counts.update(sighting.counts)
    return f"{_times(counts)} in {_count(len({sighting.cell for sighting in seen}), 'cell')}"


def _times(counts: Mapping[Status, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{status} ×{count}" for status, count in ranked)


def _where(claim: Claim) -> str:
    return f"{claim.place.key} (line {claim.place.line})" if claim.place.line else "the new expectation"


def _named(build: Build) -> str:
    return f"{build.product} {build.version} ({build.origin}, {build.system})"


def _words(statuses: Sequence[Status]) -> str:
    return "/".join(statuses)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
