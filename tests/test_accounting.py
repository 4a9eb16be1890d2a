"""Delivery accounting: the arithmetic against a slow, obvious model, and what of a timeline goes into it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import EPOCH, NEXT_EPOCH, gap, heartbeat, hello, message, page, published, server, steady, story
from wirematrix.accounting import Key, Range, audit, compare, spell

epochs = st.sampled_from(["e1", "e2"])
keys = st.tuples(epochs, st.integers(1, 8))
unique_keys = st.lists(keys, unique=True, max_size=12).map(tuple)
many_keys = st.lists(keys, max_size=20).map(tuple)
ranges = st.lists(st.tuples(epochs, st.integers(1, 8), st.integers(0, 8)), max_size=3).map(tuple)


def modelled_late(arrived: tuple[Key, ...]) -> list[Key]:
    """First copies that came after a higher number of their epoch, pair by pair."""
    return [
        key
        for place, key in enumerate(arrived)
        if key not in arrived[:place] and any(before[0] == key[0] and before[1] > key[1] for before in arrived[:place])
    ]


@steady
@given(sent=unique_keys, arrived=many_keys)
def test_lost_is_what_never_arrived(sent: tuple[Key, ...], arrived: tuple[Key, ...]) -> None:
    """Every published message is either lost or received, never both, and the lost keep their order."""
    account = compare(sent, arrived)
    assert list(account.lost) == [key for key in sent if key not in arrived]
    assert set(account.lost).isdisjoint(arrived)
    assert set(account.lost) | (set(sent) & set(arrived)) == set(sent)
    assert (account.published, account.received) == (sent, arrived)


@steady
@given(arrived=many_keys)
def test_duplicated_is_every_surplus_copy(arrived: tuple[Key, ...]) -> None:
    """Each copy after the first counts once, in the order in which the copies were seen."""
    account = compare((), arrived)
    copies = [key for place, key in enumerate(arrived) if key in arrived[:place]]
    assert list(account.duplicated) == copies
    assert Counter(account.duplicated) == Counter(arrived) - Counter(set(arrived))


@steady
@given(arrived=many_keys)
def test_reordered_is_what_came_late(arrived: tuple[Key, ...]) -> None:
    """A first copy is reordered exactly if a higher number of its own epoch came before it."""
    assert list(compare((), arrived).reordered) == modelled_late(arrived)


@steady
@given(sent=unique_keys, arrived=many_keys, named=ranges)
def test_told_is_the_lost_that_a_gap_named(
    sent: tuple[Key, ...], arrived: tuple[Key, ...], named: tuple[Range, ...]
) -> None:
    """Told is a part of lost: those whose number lies in a range of their epoch that a gap named."""
    account = compare(sent, arrived, named)
    spelled_out = {(epoch, seq) for epoch, low, high in named for seq in range(low, high + 1)}
    assert list(account.told) == [key for key in account.lost if key in spelled_out]


@steady
@given(sent=unique_keys)
def test_exactly_once_in_order_has_no_remarks(sent: tuple[Key, ...]) -> None:
    """What arrives as it was published, once and in order, is neither lost nor duplicated nor reordered."""
    in_order = tuple(sorted(sent))
    account = compare(in_order, in_order, (("e1", 1, 8),))
    assert (account.lost, account.duplicated, account.reordered, account.told) == ((), (), (), ())


def test_a_late_duplicate_is_no_reorder() -> None:
    """A replayed message that had arrived before is a surplus copy, not a message out of order."""
    account = compare((), (("e1", 1), ("e1", 2), ("e1", 1)))
    assert (account.duplicated, account.reordered) == ((("e1", 1),), ())


def test_a_new_epoch_begins_its_own_numbers() -> None:
    """After a restart seq 1 of the new epoch is neither a duplicate nor late, and no message of the old one."""
    account = compare((("e1", 1), ("e1", 2), ("e2", 1)), (("e1", 1), ("e1", 2), ("e2", 1)))
    assert (account.lost, account.duplicated, account.reordered) == ((), (), ())
    assert compare((("e1", 1),), (("e2", 1),)).lost == (("e1", 1),)


def test_audit_reads_both_sides_of_a_timeline() -> None:
    """Published counts what the driver had published, received what the page was handed, hello and heartbeat not."""
    account = audit(
        story(
            published(1, 1, 3),
            published(2, 3, 4),  # the fence of a range is not counted twice
            hello(3),
            message(4, 1),
            heartbeat(5),
            message(6, 2, kind="uplink"),
            message(7, 4, kind="fence"),
            server(8, "publish", seq=9, type="update"),
        )
    )
    assert account.published == tuple((EPOCH, seq) for seq in (1, 2, 3, 4))
    assert account.received == tuple((EPOCH, seq) for seq in (1, 2, 4))
    assert account.lost == ((EPOCH, 3),)


def test_audit_reads_the_ranges_of_gaps() -> None:
    """A gap tells of lost messages of its own epoch, from first to last; an empty range tells of none."""
    lost = story(published(1, 1, 4), published(1, 1, 2, epoch=NEXT_EPOCH), gap(2, 2, 3), gap(3, 2, 1, epoch=NEXT_EPOCH))
    assert audit(lost).told == ((EPOCH, 2), (EPOCH, 3))


def test_a_message_without_numbers_counts_as_none() -> None:
    """What an app forgot to number was not received, and a gap without its ends names nothing."""
    numberless = [
        page(4, "message", type="update", seq=None, epoch=EPOCH),
        page(5, "message", type="gap", seq=0, epoch=EPOCH, **{"from": 1, "to": None}),
    ]
    account = audit(story(published(1, 1), *numberless))
    assert (account.received, account.lost, account.told) == ((), ((EPOCH, 1),), ())


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1, "1"), (6, "1, 2, 3, 4, 5, 6"), (7, "1, 2, 3, 4, 5, 6 and 1 more")]
)
def test_spell_names_the_first_and_counts_the_rest(count: int, text: str) -> None:
    """A sentence names at most six numbers and says how many more there are."""
    assert spell(tuple((EPOCH, seq) for seq in range(1, count + 1))) == text
