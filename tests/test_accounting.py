"""Delivery accounting: the arithmetic against slow, obvious models, and the sentences it gives."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import histories
from tests.histories import History
from tests.timelines import EPOCH, steady
from wirematrix.accounting import DOUBLED_AT, LATE_AFTER_MS, LOST_AT, Place, audit, compare, copies, losses, spell
from wirematrix.ledger import Key, Ledger, Range

ONE, TWO, THREE = ((EPOCH, seq) for seq in (1, 2, 3))
epochs = st.sampled_from(histories.EPOCHS)
keys = st.tuples(epochs, st.integers(1, 8))
unique_keys = st.lists(keys, unique=True, max_size=12).map(tuple)
many_keys = st.lists(keys, max_size=20).map(tuple)
thorough = settings(steady, max_examples=300)  # of many logs with many holes
ranges = st.lists(st.tuples(epochs, st.integers(1, 8), st.integers(0, 8)), max_size=3).map(tuple)


def modelled_late(arrived: tuple[Key, ...]) -> list[Key]:
    """First copies that came after a higher number of their epoch, pair by pair."""
    return [
        key
        for place, key in enumerate(arrived)
        if key not in arrived[:place] and any(before[0] == key[0] and before[1] > key[1] for before in arrived[:place])
    ]


# ── what arrived ──


@steady
@given(sent=unique_keys, arrived=many_keys)
def test_lost_is_what_never_arrived(sent: tuple[Key, ...], arrived: tuple[Key, ...]) -> None:
    """Every published message is either lost or received, never both, and the lost keep their order."""
    account = compare(Ledger(published=sent, received=arrived))
    assert list(account.lost) == [key for key in sent if key not in arrived]
    assert set(account.lost).isdisjoint(arrived)
    assert set(account.lost) | (set(sent) & set(arrived)) == set(sent)
    assert (account.published, account.received) == (sent, arrived)


@steady
@given(arrived=many_keys)
def test_duplicated_is_every_surplus_copy(arrived: tuple[Key, ...]) -> None:
    """Each copy after the first counts once, in the order in which the copies were seen."""
    account = compare(Ledger(received=arrived))
    surplus = [key for place, key in enumerate(arrived) if key in arrived[:place]]
    assert list(account.duplicated) == surplus
    assert Counter(account.duplicated) == Counter(arrived) - Counter(set(arrived))


@steady
@given(arrived=many_keys)
def test_reordered_is_what_came_late(arrived: tuple[Key, ...]) -> None:
    """A first copy is reordered exactly if a higher number of its own epoch came before it."""
    assert list(compare(Ledger(received=arrived)).reordered) == modelled_late(arrived)


@steady
@given(sent=unique_keys, arrived=many_keys, named=ranges)
def test_told_is_the_lost_that_a_gap_named(
    sent: tuple[Key, ...], arrived: tuple[Key, ...], named: tuple[Range, ...]
) -> None:
    """Told is a part of lost: those whose number lies in a range of their epoch that a gap named."""
    account = compare(Ledger(published=sent, received=arrived, told=named))
    spelled_out = {(epoch, seq) for epoch, low, high in named for seq in range(low, high + 1)}
    assert list(account.told) == [key for key in account.lost if key in spelled_out]


@steady
@given(sent=unique_keys)
def test_exactly_once_in_order_has_no_remarks(sent: tuple[Key, ...]) -> None:
    """What arrives as it was published, once and in order, is neither lost nor duplicated nor reordered."""
    in_order = tuple(sorted(sent))
    account = compare(Ledger(published=in_order, received=in_order, told=(("e1", 1, 8),)))
    assert (account.lost, account.duplicated, account.reordered, account.told) == ((), (), (), ())
    assert (losses(account), copies(account)) == ("", "")


def test_a_late_duplicate_is_no_reorder() -> None:
    """A replayed message that had arrived before is a surplus copy, not a message out of order."""
    account = compare(Ledger(received=(("e1", 1), ("e1", 2), ("e1", 1))))
    assert (account.duplicated, account.reordered) == ((("e1", 1),), ())


def test_a_new_epoch_begins_its_own_numbers() -> None:
    """After a restart seq 1 of the new epoch is neither a duplicate nor late, and no message of the old one."""
    all_three = (("e1", 1), ("e1", 2), ("e2", 1))
    account = compare(Ledger(published=all_three, received=all_three))
    assert (account.lost, account.duplicated, account.reordered) == ((), (), ())
    assert compare(Ledger(published=(("e1", 1),), received=(("e2", 1),))).lost == (("e1", 1),)


@steady
@given(history=histories.histories())
def test_late_is_what_took_longer_than_a_second(history: History) -> None:
    """A message is late if its first copy came more than LATE_AFTER_MS after it was published, and only then."""
    account = audit(histories.logs_of(history))
    waited_ms = {
        each.key: min(at_ms for key, at_ms in history.handed if key == each.key) - each.published_ms
        for each in history.messages
        if each.key in dict(history.handed)
    }
    assert set(account.late) == {key for key, delay_ms in waited_ms.items() if delay_ms > LATE_AFTER_MS}
    assert len(account.late) == len(set(account.late))
    assert account.slowest_ms == (max(waited_ms.values()) if waited_ms else None)


# ── where ──


@thorough
@given(history=histories.histories())
def test_whole_logs_tell_every_place(history: History) -> None:
    """With four whole logs each lost message is placed where its farthest copy ended, and each surplus where it arose."""
    account = audit(histories.logs_of(history))
    assert dict(zip(account.lost, account.lost_at, strict=True)) == histories.lost(history)
    seen: Counter[Key] = Counter()
    surplus = []
    for key, _ in history.handed:
        seen[key] += 1
        if seen[key] > 1:
            surplus.append((key, histories.doubled(history, key, seen[key])))
    assert list(zip(account.duplicated, account.doubled_at, strict=True)) == surplus


@thorough
@given(history=histories.histories(holes=True, far=True))
def test_no_place_is_ever_guessed(history: History) -> None:
    """Whatever lines are missing, and on whatever way, a place is the true one or unknown."""
    account = audit(histories.logs_of(history))
    truth = histories.lost(history)
    for key, place in zip(account.lost, account.lost_at, strict=True):
        if "page" in history.holes:
            assert place is Place.UNKNOWN
        else:
            assert place in {truth[key], Place.UNKNOWN}
    seen: Counter[Key] = Counter()
    for key, place in zip(account.duplicated, account.doubled_at, strict=True):
        seen[key] += 1
        assert place in {histories.doubled(history, key, seen[key] + 1), Place.UNKNOWN}


@thorough
@given(history=histories.histories(far=True))
def test_only_a_far_way_hides_the_place(history: History) -> None:
    """Where packets may be lost, whole logs still place every message none of whose copies went astray there."""
    account = audit(histories.logs_of(history))
    for key, place in zip(account.lost, account.lost_at, strict=True):
        if histories.followed(history, key):
            assert place is histories.lost(history)[key]


@steady
@given(history=histories.histories(holes=True, far=True))
def test_every_message_is_in_one_place(history: History) -> None:
    """The lost of the four places together are the lost, each once; so are the surplus copies."""
    account = audit(histories.logs_of(history))
    assert Counter(key for place in Place for key in account.lost_in(place)) == Counter(account.lost)
    assert (len(account.lost_at), len(account.doubled_at)) == (len(account.lost), len(account.duplicated))


def test_a_message_on_its_way_is_not_placed() -> None:
    """What the server sent, or the proxy passed, after the page's log was read may have arrived: nobody saw."""
    key = (EPOCH, 1)
    whole = {"published": (key,), "accepted": frozenset({key}), "server_whole": True, "links_whole": True}
    assert compare(Ledger(**whole, page_whole=True)).lost_at == (Place.SERVER,)  # type: ignore[arg-type]
    on_its_way = Ledger(**whole, page_whole=True, on_its_way=frozenset({key}))  # type: ignore[arg-type]
    assert compare(on_its_way).lost_at == (Place.UNKNOWN,)


def test_logs_that_contradict_each_other_prove_nothing() -> None:
    """A message that the driver had published, and that a whole log of the server does not know, is not placed."""
    ledger = Ledger(published=(ONE,), received=(TWO, TWO), server_whole=True, links_whole=True, page_whole=True)
    account = compare(ledger)
    assert (account.lost_at, account.doubled_at) == ((Place.UNKNOWN,), (Place.UNKNOWN,))


@pytest.mark.parametrize(
    ("passed", "links_whole", "place"),
    [
        ({TWO: 2}, True, Place.LINK),
        ({}, False, Place.UNKNOWN),
        ({TWO: 1}, True, Place.PAGE),
        ({TWO: 1}, False, Place.UNKNOWN),
    ],
)
def test_a_copy_that_the_server_did_not_send(passed: dict[Key, int], *, links_whole: bool, place: Place) -> None:
    """It arose in the link if two passed, in the page if all links were seen and one passed; else nobody knows."""
    ledger = Ledger(
        received=(TWO, TWO),
        accepted=frozenset({TWO}),
        sent={TWO: 1},
        passed=passed,
        server_whole=True,
        links_whole=links_whole,
    )
    assert compare(ledger).doubled_at == (place,)


@pytest.mark.parametrize(("delay_ms", "late"), [(LATE_AFTER_MS, ()), (LATE_AFTER_MS + 0.1, (ONE,))])
def test_a_second_is_not_late(delay_ms: float, late: tuple[Key, ...]) -> None:
    """What took exactly LATE_AFTER_MS is not late yet; and a page's clock that is behind makes no time negative."""
    ledger = Ledger(received=(ONE,), published_ms={ONE: 50.0}, received_ms={ONE: 50.0 + delay_ms})
    assert compare(ledger).late == late
    early = Ledger(received=(ONE,), published_ms={ONE: 50.0}, received_ms={ONE: 49.0})
    assert compare(early).slowest_ms == 0


# ── sentences ──


def test_one_place_needs_no_numbers() -> None:
    """Where all were lost at one place the sentence names it; where at several, each with its numbers."""
    ledger = Ledger(
        published=(ONE, TWO, THREE),
        accepted=frozenset({ONE, TWO, THREE}),
        sent={TWO: 1, THREE: 1},
        passed={THREE: 1},
        server_whole=True,
        links_whole=True,
        page_whole=True,
    )
    account = compare(ledger)
    assert losses(account) == "1 never sent by the server; 2 lost in the link; 3 lost in the page"
    assert losses(account, (TWO,)) == "lost in the link"
    assert losses(compare(Ledger(published=(ONE, TWO)))) == "lost where the logs do not say"


def test_copies_say_where_they_came_from() -> None:
    """Surplus copies are the server's if it sent that many, the page's if it did not, and else nobody knows whose."""
    received = (ONE, TWO, ONE, TWO, TWO)
    whole = Ledger(
        received=received,
        accepted=frozenset({ONE, TWO}),
        sent={ONE: 1, TWO: 2},
        passed={ONE: 1, TWO: 2},
        server_whole=True,
        links_whole=True,
    )
    assert copies(compare(whole)) == "2 sent that often by the server; 1, 2 doubled in the page"
    assert copies(compare(Ledger(received=received))) == "doubled where the logs do not say"


def test_every_place_has_its_words() -> None:
    """Both tables of words know every place, each with words of its own."""
    for words in (LOST_AT, DOUBLED_AT):
        assert list(words) == list(Place)
        assert len(set(words.values())) == len(Place)


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1, "1"), (6, "1, 2, 3, 4, 5, 6"), (7, "1, 2, 3, 4, 5, 6 and 1 more")]
)
def test_spell_names_the_first_and_counts_the_rest(count: int, text: str) -> None:
    """A sentence names at most six numbers and says how many more there are."""
    assert spell(tuple((EPOCH, seq) for seq in range(1, count + 1))) == text
