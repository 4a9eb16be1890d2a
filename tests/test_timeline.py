"""The timeline: one order on one clock; asking it; and folding, which loses nothing but the middle of a run."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timelines import driver, link, message, page, passing, server, steady, story
from wirematrix.model import Observation
from wirematrix.timeline import CLOCK_SLACK_MS, FOLD_KEEPS, FOLD_LONGER_THAN, SOURCES, Recorder, Timeline, folded

SHORT: Final = FOLD_LONGER_THAN
LONG: Final = FOLD_LONGER_THAN + 1


class Clock:
    """A monotonic clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 500.0

    def __call__(self) -> float:
        return self.now_s


# ── asking ──

TOLD = story(
    page(10, "open"),
    page(20, "message", seq=1, type="update"),
    link(20, "message", seq=1),
    page(30, "message", seq=2, type="uplink"),
    page(40, "close", code=1006),
)


def test_of_asks_for_source_kinds_time_and_detail() -> None:
    """Source, any of the kinds, a time that is included, and every detail named have to agree."""
    assert [seen.at_ms for seen in TOLD.of("page", "message")] == [20, 30]
    assert [seen.at_ms for seen in TOLD.of("page", "close", "open")] == [10, 40]
    assert [seen.at_ms for seen in TOLD.of("page", "message", since_ms=30)] == [30]
    assert [seen.at_ms for seen in TOLD.of("page", "message", seq=2, type="uplink")] == [30]
    assert TOLD.of("page", "message", seq=2, type="update") == ()
    assert TOLD.of("server", "message") == ()


def test_first_and_last_are_none_of_nothing() -> None:
    """The earliest and the latest of what matches; None where nothing does."""
    first, last = TOLD.first("page", "message", since_ms=15), TOLD.last("page", "message")
    assert (first, last) == (TOLD.observations[1], TOLD.observations[3])
    assert TOLD.first("page", "message", since_ms=31) is None
    assert TOLD.last("page", "error") is None


AT_100 = driver(100, "break", network="close", page_entries=3)


@pytest.mark.parametrize(
    ("seen", "counts"),
    [
        (page(100.5, "close", n=3), True),
        (page(99.5, "close", n=3), True),  # the page's clock is a little behind
        (page(101, "close", n=2), False),  # it had been read before, whatever the clocks say
        (page(100 - CLOCK_SLACK_MS - 1, "close", n=3), False),  # no clock is as wrong as that
        (page(101, "open", n=3), False),
        (page(101, "close"), True),  # without a place in the log the time decides
        (link(101, "close", n=3), False),
    ],
)
def test_after_an_instant_is_told_by_order(seen: Observation, *, counts: bool) -> None:
    """What the page said after an instant is what had not been read by then, even if its clock is a little wrong."""
    assert story(AT_100, seen).page_after(AT_100, "close", "error") == ((seen,) if counts else ())


def test_after_an_instant_without_a_count_time_decides() -> None:
    """An instant that does not say how much of the page's log was read is compared by time."""
    instant = driver(100, "left")
    entries = [page(100 - CLOCK_SLACK_MS - 1, "close", n=7), page(100, "close", n=1), page(102, "close", n=9)]
    assert story(instant, *entries).page_after(instant, "close") == tuple(entries[1:])


# ── recording ──


def test_times_count_from_the_beginning_of_the_attempt() -> None:
    """An observation is stamped with the milliseconds since the recorder was made, two decimals."""
    clock = Clock()
    recorder = Recorder(monotonic=clock)
    clock.now_s += 1.23456789
    assert recorder.observe("driver", "break", network="close") == driver(1234.57, "break", network="close")


def test_told_times_are_sorted_in() -> None:
    """Facts that arrive late with a time of their own are put where they happened; equal times keep their order."""
    recorder = Recorder(monotonic=Clock())
    for kind, at_ms in (("c", 7.0), ("a", 3.0), ("b", 3.0), ("before", -2.0)):
        recorder.observe("server", kind, at_ms=at_ms)
    assert [seen.kind for seen in recorder.timeline()] == ["before", "a", "b", "c"]


def test_wall_clock_and_attempt_clock_agree() -> None:
    """A wall-clock reading of another process maps to this attempt's time; zero maps to minus the beginning."""
    recorder = Recorder(monotonic=Clock())
    began_epoch_ms = -recorder.from_epoch_ms(0)
    assert recorder.from_epoch_ms(began_epoch_ms + 250) == pytest.approx(250)
    assert began_epoch_ms > 1.7e12


def test_a_timeline_does_not_change_later() -> None:
    """What was handed out stays as it was while the recorder goes on."""
    recorder = Recorder()
    recorder.observe("driver", "break")
    before = recorder.timeline()
    recorder.observe("driver", "mended")
    assert [seen.kind for seen in before] == ["break"]


def test_a_better_known_clock_moves_what_was_told_on_it() -> None:
    """When a source's clock becomes known better, its observations so far move, and nobody else's do."""
    recorder, heard = Recorder(monotonic=Clock()), list[str]()
    recorder.observe("page", "open", at_ms=10)
    recorder.observe("link", "request", at_ms=12)
    recorder.observe("page", "close", at_ms=20)
    with recorder.watched_by(lambda seen: heard.append(seen.kind)):
        recorder.shift("page", 3.456)
        recorder.shift("page", 0)
    recorder.observe("page", "over", at_ms=15)
    assert [(seen.kind, seen.at_ms) for seen in recorder.timeline()] == [
        ("request", 12),
        ("open", 13.46),
        ("over", 15),
        ("close", 23.46),
    ]
    assert heard == []


def test_watchers_hear_while_they_watch() -> None:
    """A watcher hears every observation from its beginning to its end, also if its body raises."""
    recorder, heard = Recorder(), list[str]()

    def broken_body() -> None:
        with recorder.watched_by(lambda seen: heard.append(seen.kind)):
            recorder.observe("page", "open")
            raise LookupError

    with pytest.raises(LookupError):
        broken_body()
    recorder.observe("page", "close")
    assert heard == ["open"]


def test_a_watcher_may_leave_while_it_is_told() -> None:
    """A watcher that ends another one's watch does not keep a third from hearing."""
    recorder, heard, second = Recorder(), list[str](), ExitStack()
    with recorder.watched_by(lambda _: second.close()):
        second.enter_context(recorder.watched_by(lambda seen: heard.append(f"second {seen.kind}")))
        with recorder.watched_by(lambda seen: heard.append(f"third {seen.kind}")):
            recorder.observe("page", "open")
            recorder.observe("page", "close")
    assert heard == ["second open", "third open", "third close"]


# ── folding ──


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Runs and single observations of all sources, many at equal times, in a recorder's order."""
    observations: list[Observation] = []
    for source in draw(st.permutations(SOURCES)):
        at_ms = 0.0
        for _ in range(draw(st.integers(0, 2))):
            kind = draw(st.sampled_from(["message", "send"]))
            first = draw(st.integers(0, 3))
            wanted = draw(st.sampled_from([None, "update", "fence"]))
            every_ms = draw(st.sampled_from([0, 0.5, 1]))
            for seq in range(first, first + draw(st.sampled_from([1, SHORT, LONG, 20]))):
                observations.append(
                    Observation(at_ms=at_ms, source=source, kind=kind, detail={"seq": seq, "type": wanted})
                )
                at_ms += every_ms
            if draw(st.booleans()):
                observations.append(Observation(at_ms=at_ms, source=source, kind="error"))
    return story(*observations)


def unfolded(shown: tuple[Observation, ...], source: str) -> list[tuple[str, int | None]]:
    """Kind and seq of everything one source said, with every fold spelled out again."""
    told: list[tuple[str, int | None]] = []
    for seen in shown:
        if seen.source == source and seen.kind == "folded":
            told += [(seen.detail["of"], seq) for seq in range(seen.detail["from_seq"], seen.detail["to_seq"] + 1)]
        elif seen.source == source:
            told.append((seen.kind, seen.detail.get("seq")))
    return told


@steady
@given(timeline=timelines())
def test_folding_loses_nothing(timeline: Timeline) -> None:
    """Spelled out again, the folded timeline is the whole one, source by source, number by number."""
    shown, _ = folded(timeline)
    for source in SOURCES:
        assert unfolded(shown, source) == [
            (seen.kind, seen.detail.get("seq")) for seen in timeline if seen.source == source
        ]


@steady
@given(timeline=timelines())
def test_folding_counts_what_it_leaves_out(timeline: Timeline) -> None:
    """What is shown and what the folds count add up to the whole; no fold hides fewer than a run's middle."""
    shown, left_out = folded(timeline)
    folds = [seen for seen in shown if seen.kind == "folded"]
    assert left_out == sum(seen.detail["count"] for seen in folds)
    assert len(shown) - len(folds) + left_out == len(timeline.observations)
    for fold in folds:
        assert fold.detail["count"] == fold.detail["to_seq"] - fold.detail["from_seq"] + 1
        assert fold.detail["count"] > FOLD_LONGER_THAN - 2 * FOLD_KEEPS
        assert fold.at_ms <= fold.detail["until_ms"]


@steady
@given(timeline=timelines())
def test_folding_keeps_the_order(timeline: Timeline) -> None:
    """What stays stays in the timeline's own order, across sources and at equal times, too."""
    shown, _ = folded(timeline)
    kept = [id(seen) for seen in shown if seen.kind != "folded"]
    wanted = set(kept)
    assert kept == [id(seen) for seen in timeline if id(seen) in wanted]
    assert [seen.at_ms for seen in shown] == sorted(seen.at_ms for seen in shown)


def test_folding_keeps_whoever_speaks() -> None:
    """An observation of a source nobody listed is evidence, too."""
    strange = Observation(at_ms=5, source="console", kind="warning")
    assert folded(story(page(1, "open"), strange)) == ((page(1, "open"), strange), 0)


def test_a_long_run_becomes_one_line() -> None:
    """Of a thousand messages the first and last three stay, and one line says what is between."""
    shown, left_out = folded(story(*(message(seq, seq) for seq in range(1, 1001))))
    assert [seen.detail.get("seq") for seen in shown] == [1, 2, 3, None, 998, 999, 1000]
    assert left_out == 994
    assert shown[3] == page(4, "folded", of="message", count=994, from_seq=4, to_seq=997, until_ms=997)


def test_what_passes_in_order_becomes_one_line() -> None:
    """Pieces of messages that pass one after the other on one link are folded, by the numbers they begin and end with."""
    shown, left_out = folded(story(*(passing(at_ms, 5 * at_ms, 5 * at_ms + 4) for at_ms in range(1, LONG + 1))))
    assert [seen.kind for seen in shown] == ["passed"] * 3 + ["folded"] + ["passed"] * 3
    assert left_out == LONG - 6
    assert shown[3].detail == {
        "of": "passed",
        "count": LONG - 6,
        "from_seq": 20,
        "to_seq": 5 * (LONG - 3) + 4,
        "until_ms": LONG - 3,
    }


@pytest.mark.parametrize("detail", [{"link": 2}, {"last": LONG}, {"kind": "discarded"}])
def test_another_link_or_number_ends_what_passes(detail: dict[str, Any]) -> None:
    """A piece on another link, one that does not follow, and one that was taken back, stay visible."""
    pieces = [passing(seq, seq) for seq in range(1, LONG + 1)]
    pieces[LONG // 2] = passing(LONG // 2 + 1, LONG // 2 + 1, **detail)
    assert folded(story(*pieces)) == (tuple(pieces), 0)


@pytest.mark.parametrize(
    "breach",
    [
        page(6.5, "error"),  # another kind
        message(6.5, 3),  # a repeat
        message(6.5, 6, kind="fence"),  # another type
    ],
    ids=["another kind", "a repeat", "another type"],
)
def test_a_breach_ends_the_run(breach: Observation) -> None:
    """Whatever interrupts a run stays visible: the run is shown in two halves."""
    shown, left_out = folded(story(*(message(seq, seq) for seq in range(1, LONG + 1)), breach))
    assert (len(shown), left_out) == (LONG + 1, 0)
    assert breach in shown


def test_a_missing_number_ends_the_run() -> None:
    """A gap in the numbers is never inside a fold."""
    shown, _ = folded(story(*(message(seq, seq) for seq in range(1, 41) if seq != 20)))
    assert {(seen.detail["from_seq"], seen.detail["to_seq"]) for seen in shown if seen.kind == "folded"} == {
        (4, 16),
        (24, 37),
    }


def test_sources_are_folded_apart() -> None:
    """Server and page telling of the same messages in turn are two runs, folded each for itself."""
    told = [seen for seq in range(1, 31) for seen in (server(seq, "publish", seq=seq), message(seq + 0.5, seq))]
    shown, left_out = folded(story(*told))
    assert Counter(seen.source for seen in shown if seen.kind == "folded") == {"server": 1, "page": 1}
    assert left_out == 48
