"""Support statements: which of them hold in a version, which of those promises most, and what is left open."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documented.given import RELEASES, brand, feature
from wirematrix.documented.model import Flag, Statement
from wirematrix.documented.statements import MOST_FIRST, Says, Word, said_between, said_of
from wirematrix.documented.versions import holds, rank, reached

NUMBERS = st.lists(st.integers(0, 300), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
KNOWN = st.sampled_from(RELEASES)
MARKS = st.one_of(st.just(""), st.just("preview"), KNOWN, KNOWN.map("≤{}".format))
STATEMENTS = st.builds(
    Statement,
    added=MARKS,
    removed=MARKS,
    partial=st.booleans(),
    renamed=st.sampled_from(("", "Moz")),
    flags=st.sampled_from(((), (Flag(name="dom.thing", value="true"),))),
)


def said(*statements: Statement, version: str = "156") -> Word:
    """What these statements say of a version of Chrome."""
    return said_of(feature(*statements), brand(), "chrome", version)


@given(NUMBERS)
def test_trailing_zeros_are_no_difference(version: str) -> None:
    """26 and 26.0 are one version; a version is at or after itself."""
    assert rank(version) == rank(f"{version}.0")
    assert reached(version, version) is True


def test_versions_are_in_the_order_of_their_numbers() -> None:
    """9 comes before 10, and 9.1 between them."""
    assert all(rank(lower) < rank(higher) for lower, higher in pairwise(RELEASES))


@pytest.mark.parametrize("wrong", ["", "preview", "≤37", "1.", "x", "1 2", "-1"])
def test_what_is_no_version_has_no_rank(wrong: str) -> None:
    """A mark, or a word, is no plain version."""
    with pytest.raises(ValueError, match="is no version"):
        rank(wrong)


@given(KNOWN, KNOWN)
def test_a_plain_mark_is_reached_from_itself_on(mark: str, version: str) -> None:
    """Whether a release has a feature that came with a version depends on their order alone."""
    assert reached(mark, version) is (RELEASES.index(version) >= RELEASES.index(mark))


@given(KNOWN, KNOWN)
def test_at_the_latest_leaves_earlier_versions_open(mark: str, version: str) -> None:
    """With "≤37": from 37 on it is there; whether it was before is not known, and is not guessed."""
    expected = True if RELEASES.index(version) >= RELEASES.index(mark) else None
    assert reached(f"≤{mark}", version) is expected


@given(KNOWN)
def test_a_preview_is_in_no_release(version: str) -> None:
    """Nightly builds and "never" are marks that no release has reached."""
    assert reached("preview", version) is False
    assert reached("", version) is False


@given(KNOWN, KNOWN, KNOWN)
def test_a_statement_holds_from_added_until_before_removed(added: str, removed: str, version: str) -> None:
    """The first version is in, the version of the removal is out."""
    place = RELEASES.index(version)
    expected = RELEASES.index(added) <= place < RELEASES.index(removed)
    assert holds(Statement(added=added, removed=removed), version) is expected


@given(st.lists(STATEMENTS, min_size=1, max_size=5), KNOWN)
def test_the_best_statement_that_holds_counts(statements: list[Statement], version: str) -> None:
    """Whatever statements there are: the answer is that of a statement that holds, and none that holds is better."""
    word = said(*statements, version=version)
    alone = {said(one, version=version).says for one in statements}
    if word.says in MOST_FIRST:
        assert word.says is min(alone & set(MOST_FIRST), key=MOST_FIRST.index)
    elif word.says is Says.ABSENT:
        assert alone == {Says.ABSENT}
    else:
        assert word.says is Says.UNSAID
        assert Says.UNSAID in alone


@given(st.lists(STATEMENTS, min_size=1, max_size=5), KNOWN)
def test_order_and_repetition_say_nothing(statements: list[Statement], version: str) -> None:
    """The same statements in another order, or twice, say the same."""
    assert said(*statements, version=version).says is said(*reversed(statements), *statements, version=version).says


@given(st.lists(STATEMENTS, min_size=1, max_size=4), NUMBERS.filter(lambda version: rank(version) > rank("160")))
def test_beyond_the_data_nothing_is_said(statements: list[Statement], version: str) -> None:
    """A version that the data does not know yet is called that, with what is said of the newest one that it knows."""
    word = said(*statements, version=version)
    assert word.says is Says.BEYOND
    assert word.sentence.startswith("MDN knows Chrome up to 160; of that it says: ")


@pytest.mark.parametrize(
    ("statements", "says", "sentence"),
    [
        ([Statement(added="10")], Says.SUPPORTED, "since 10"),
        ([Statement(added="≤10")], Says.SUPPORTED, "since 10 at the latest"),
        ([Statement(added="160")], Says.ABSENT, "not before 160"),
        ([Statement(added="≤160")], Says.UNSAID, "left open for 156: supported since 160 at the latest"),
        ([Statement(added="")], Says.ABSENT, "not supported"),
        ([Statement(added="preview")], Says.ABSENT, "only in Chrome Canary"),
        ([Statement(added="1", removed="26")], Says.ABSENT, "not since 26"),
        ([Statement(added="1", removed="≤26")], Says.ABSENT, "not since ≤26"),
        ([Statement(added="1", removed="preview")], Says.SUPPORTED, "since 1"),
        ([Statement(added="160"), Statement(added="1", removed="9")], Says.ABSENT, "not before 160"),
        ([Statement(added="153"), Statement(added="10", removed="153", partial=True)], Says.SUPPORTED, "since 153"),
        ([Statement(added="160"), Statement(added="10", removed="160", partial=True)], Says.PARTIAL, "partly since 10"),
        (
            [Statement(added="9", flags=(Flag(name="a", value="1"), Flag(name="b")))],
            Says.FLAG,
            "since 9 behind a=1 and b",
        ),
        ([Statement(added="9", flags=(Flag(name="a"),)), Statement(added="26")], Says.SUPPORTED, "since 26"),
        ([Statement(added="7", renamed="MozWebSocket")], Says.RENAMED, "since 7 as MozWebSocket"),
        (
            [Statement(added="≤160"), Statement(added="9", partial=True)],
            Says.UNSAID,
            "left open for 156: supported since 160 at the latest",
        ),
        ([Statement(added="≤160", partial=True), Statement(added="9")], Says.SUPPORTED, "since 9"),
        (
            [Statement(added="9", removed="≤160")],
            Says.UNSAID,
            "left open for 156: supported since 9, removed in ≤160",
        ),
    ],
)
def test_words(statements: list[Statement], says: Says, sentence: str) -> None:
    """What is said of version 156, in words."""
    word = said(*statements)
    assert (word.says, word.sentence) == (says, sentence)


def test_notes_and_links_are_those_of_what_is_said() -> None:
    """The notes of a statement that does not hold are left out; a bug's link says where an absence is tracked."""
    partly = Statement(added="10", removed="153", partial=True, notes=("Not in service workers.",))
    whole = Statement(added="153", notes=("In all workers.",))
    assert said(whole, partly).notes == ("In all workers.",)
    assert said(whole, partly, version="26").notes == ("Not in service workers.",)
    assert said(Statement(added="", links=("https://crbug.com/1",))).links == ("https://crbug.com/1",)


def test_a_brand_that_is_not_mentioned_is_not_said() -> None:
    """A feature without a statement for a brand is not called unsupported there."""
    word = said_of(feature(Statement(added="1")), brand("Safari"), "safari", "26")
    assert (word.says, word.sentence) == (Says.UNSAID, "MDN says nothing of Safari")


def test_between_versions_only_what_is_said_of_all_counts() -> None:
    """A build that lies between two versions is held against neither where they differ."""
    alike = said_between(feature(Statement(added="17.3")), brand(), "chrome", ("26", "26.1"))
    assert (alike.says, alike.sentence) == (Says.SUPPORTED, "since 17.3")
    word = said_between(feature(Statement(added="26.1")), brand(), "chrome", ("26", "26.1"))
    assert word.says is Says.UNSAID
    assert word.sentence == "it changed just then (Chrome 26: not before 26.1; Chrome 26.1: since 26.1)"
