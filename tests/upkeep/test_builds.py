"""Conditions that tell builds apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upkeep.given import build
from wirematrix.expectations import BuildCondition, comparable
from wirematrix.model import Build
from wirematrix.upkeep.builds import share_out
from wirematrix.upkeep.patch import condition_words

ORIGIN_OF = {"p": "playwright", "s": "system", "c": "channel", "x": "absent"}


def named(words: str) -> list[Build]:
    """Builds by the first letter of their origin and their version: `p150 s160`."""
    return [build(version=word[1:], origin=ORIGIN_OF[word[0]]) for word in words.split()]


def shares(builds: Sequence[Build], others: Sequence[Build]) -> list[BuildCondition | None]:
    """The conditions that mean some builds and not the others."""

    def accepts(condition: BuildCondition, _: Sequence[Build]) -> bool:
        return not any(map(condition.holds, others))

    versions = {comparable(each.version) for each in (*builds, *others)} - {None}
    return [share.condition for share in share_out(builds, versions, accepts)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("builds", "others", "conditions"),
    [
        ("p150", "", [""]),
        ("p150 s140", "", [""]),
        ("p150", "s150", ["{origin: playwright}"]),
        ("p140", "s150", ["{origin: playwright}"]),
        ("p150", "p140", ['{version: ">=150"}']),
        ("p140 s141", "p150 s150", ['{version: "<150"}']),
        ("p141 p142", "p140 p150", ['{version: ">=141,<150"}']),
        ("p150", "p140 s150", ['{origin: playwright, version: ">=150"}']),
        ("p140 p160", "p150", ['{version: "<150"}', '{version: ">=160"}']),
        ("p140 s160", "p160 s140", ['{origin: playwright, version: "<160"}', '{origin: system, version: ">=160"}']),
        ("x150", "p150", ["None"]),
        ("pnightly", "s150", ["{origin: playwright}"]),
        ("pnightly", "p150", ["None"]),
        ("pnightly p150", "p140", ["None", '{version: ">=150"}']),
        ("p0", "p1", ['{version: "<1"}']),
        ("p1.0.3", "p1 p2", ['{version: ">=1.0.3,<2"}']),
    ],
)
def test_the_simplest_condition_is_found(builds: str, others: str, conditions: list[str]) -> None:
    """None if all agree, the origin before versions, an open range before a closed one, several only if need be."""
    found = shares(named(builds), named(others))
    assert ["None" if each is None else condition_words(each) for each in found] == conditions


NAMED = st.sets(
    st.tuples(st.sampled_from(["p", "s", "c"]), st.sampled_from(["1", "1.5", "2", "3.0.1", "4"])), max_size=6
)


@given(NAMED, NAMED)
def test_builds_with_versions_can_always_be_told_apart(some: set[tuple[str, str]], rest: set[tuple[str, str]]) -> None:
    """Each build is meant by one condition, and none of the others by any."""
    builds, others = (named(" ".join(map("".join, sorted(each)))) for each in (some, rest - some))
    found = shares(builds, others) if builds else []
    assert None not in found
    for one in builds:
        assert sum(condition.holds(one) for condition in found if condition) == 1
    for other in others:
        assert not any(condition.holds(other) for condition in found if condition)
