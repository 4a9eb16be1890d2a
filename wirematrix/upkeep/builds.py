"""Which builds a new line holds for: the simplest condition that means some builds and not some others.

In the order tried: no condition; the origin, if that tells them apart; a version range open on one side, or closed;
origin and range. A boundary lies at the first version that is different, so that ranges of neighbours meet:
with 140 and 150 seen, a line about 140 says "<150" and a line about 150 says ">=150".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from wirematrix.expectations import ORIGINS, BuildCondition, Version, comparable
from wirematrix.model import Build

Accepts = Callable[[BuildCondition, Sequence[Build]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Some builds and the condition that means them; None if none can."""

    builds: tuple[Build, ...]
    condition: BuildCondition | None


def share_out(builds: Sequence[Build], boundaries: Collection[Version], accepts: Accepts) -> tuple[Share, ...]:
    """As few conditions as can be that together mean all the builds, no build by two of them.

    `boundaries` are the versions at which something else begins or ends; `accepts` says whether a condition may
    stand for some of the builds. All builds are of one engine.
    """
    by_origin: dict[str, list[Build]] = {}
    for build in builds:
        by_origin.setdefault(build.origin, []).append(build)
    for parts in ([builds], [*by_origin.values()]):
        shares = _shares(parts, boundaries, accepts)
        if all(share.condition is not None for share in shares):
            return shares
    return _shares([[build] for build in builds], boundaries, accepts)


def _shares(parts: Sequence[Sequence[Build]], boundaries: Collection[Version], accepts: Accepts) -> tuple[Share, ...]:
    shares: list[Share] = []
    for part in parts:
        taken = [share.condition for share in shares if share.condition is not None]
        rest = tuple(build for build in part if not any(each.holds(build) for each in taken))
        fitting = (
            each
            for each in _candidates(rest, boundaries)
            if not any(each.meets(other) for other in taken) and accepts(each, rest)
        )
        if rest:
            shares.append(Share(builds=rest, condition=next(fitting, None)))
    return tuple(shares)


def _candidates(builds: Sequence[Build], boundaries: Collection[Version]) -> Iterator[BuildCondition]:
    """Conditions that mean all the builds, the simplest first."""
    origins = {build.origin for build in builds}
    origin = next(iter(origins)) if len(origins) == 1 and origins <= set(ORIGINS) else None
    versions = [version for build in builds if (version := comparable(build.version)) is not None]
    low = high = None
    if len(versions) == len(builds) > 0:
        low = min(versions)
        high = min((each for each in boundaries if each > max(versions)), default=None)
    ranges = ((None, None), (low, None), (None, high), (low, high))
    order = [(None, ranges[0]), (origin, ranges[0]), *((None, each) for each in ranges[1:])]
    for one_origin, (from_, below) in [*order, *((origin, each) for each in ranges[1:])]:
        yield BuildCondition(origin=one_origin, low=from_, high=below)
