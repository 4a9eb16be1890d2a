"""Measures of documents that are left, hidden, asleep or cut off, and of what their streams make of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from wirematrix.budgets import Budget
from wirematrix.measures.delivery import delays_ms
from wirematrix.measures.measure import Measure
from wirematrix.measures.reading import capped, entries
from wirematrix.measures.streams import STREAM, end_in_words, named, titled
from wirematrix.model import Observation, Observed
from wirematrix.timeline import Timeline


def comes_back_as() -> Measure:
    """What going back shows: the document as it was ("restored", by the back/forward cache), or one "loaded anew"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [str(back.detail["document"]) for back in timeline.of("driver", "back")]

    return Measure(name="comes_back_as", title="going back: the document is", of=of)


def stream_of_restored(*, stream: str = STREAM) -> Measure:
    """What has become of the stream of a document that was left and is shown again.

    The event that its code was given since it left, else "lives on" if it hears what is pushed now, and "open, and
    silent" if not; "gone with its document" where that was not restored.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        away, back = timeline.first("driver", "away"), timeline.first("driver", "back")
        if away is None or back is None:
            return []
        if back.detail["document"] != "restored":
            return ["gone with its document"]
        told = end_in_words(_after(timeline, away, stream, "error", "close"))
        if told is not None:
            return [told]
        pushed = {seen.detail["seq"] for seen in timeline.of("server", "pushed", since_ms=back.at_ms)}
        heard = {seen.detail.get("seq") for seen in _after(timeline, away, stream, "message")}
        return ["lives on" if pushed & heard else "open, and silent"]

    return Measure(name="stream_of_restored", title="going back: the stream that was open", of=of)


def cut_off_told_ms(about: str, *, stream: str, cap: Budget) -> Measure:
    """From the break to the page's first sign of it on a stream; the cap, if there was none."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        broken = timeline.first("driver", "break")
        if broken is None:
            return []
        signs = _after(timeline, broken, stream, "error", "close")
        return [max(0.0, signs[0].at_ms - broken.at_ms)] if signs else capped(timeline, broken.at_ms, cap)

    return Measure(
        name=named("told", about, "ms"), title=titled(about, "page is told of the loss after"), of=of, cap=cap.ms
    )


def goes_on_ms(about: str, *, stream: str, since: str, cap: Budget) -> Measure:
    """From the driver's observation (packets pass again, the engine is awake) to the next message on the same stream.

    Nothing, if the stream had ended before; the cap, if no message came for that long.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        began = timeline.first("driver", since)
        if began is None or any(seen.at_ms < began.at_ms for seen in entries(timeline, stream, "error", "close")):
            return []
        later = _after(timeline, began, stream, "message")
        return [max(0.0, later[0].at_ms - began.at_ms)] if later else capped(timeline, began.at_ms, cap)

    return Measure(name=named("goes_on", about, "ms"), title=titled(about, "goes on after"), of=of, cap=cap.ms)


def heartbeat_gap_ms(about: str, *, first: str, last: str) -> Measure:
    """The longest time between two text frames of the page at the origin, between two observations of the driver's.

    The time from the first observation to the first frame counts, too, and from the last frame to the last observation.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, ended = timeline.first("driver", first), timeline.first("driver", last)
        if began is None or ended is None:
            return []
        beats = [seen.at_ms for seen in timeline.of("server", "frame", name="text")]
        marks = [began.at_ms, *(at_ms for at_ms in beats if began.at_ms < at_ms < ended.at_ms), ended.at_ms]
        return [max(later - earlier for earlier, later in pairwise(marks))]

    return Measure(
        name=named("heartbeat_gap", about, "ms"), title=titled(about, "longest gap between heartbeats"), of=of
    )


def false_disconnects() -> Measure:
    """Whether the server took the living page for dead because its heartbeats did not come in time."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        if timeline.first("driver", "hidden") is None:
            return []
        given_up = timeline.first("server", "gave-up")
        return ["disconnected" if given_up else "none"]

    return Measure(name="false_disconnects", title="server takes the hidden page for dead", of=of)


def delay_between_ms(about: str, *, stream: str, first: str, last: str | None = None) -> Measure:
    """The longest delay of the messages pushed from one observation of the driver's to another, or from one on."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began = timeline.first("driver", first)
        ended = timeline.first("driver", last) if last else None
        if began is None:
            return []
        until_ms = ended.at_ms if ended else float("inf")
        pushed = [
            seen for seen in timeline.of("server", "pushed", stream=stream) if began.at_ms <= seen.at_ms < until_ms
        ]
        delays = delays_ms(Timeline((*pushed, *entries(timeline, stream, "message"))), stream)
        return [max(delays)] if delays else []

    return Measure(name=named("longest_delay", about, "ms"), title=titled(about, "longest delay of a message"), of=of)


def heard_of(about: str, *, stream: str, first: str, last: str) -> Measure:
    """The percentage of the messages pushed between two observations of the driver's that the page heard in the end."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, ended = timeline.first("driver", first), timeline.first("driver", last)
        if began is None or ended is None:
            return []
        pushed = {
            seen.detail["seq"]
            for seen in timeline.of("server", "pushed", stream=stream)
            if began.at_ms <= seen.at_ms < ended.at_ms
        }
        heard = {seen.detail.get("seq") for seen in entries(timeline, stream, "message")}
        return [100 * len(pushed & heard) / len(pushed)] if pushed else []

    return Measure(
        name=named("heard", about, "percent"), title=titled(about, "messages that are heard in the end"), of=of
    )


def first_tab_without() -> Measure:
    """Which tab is the first that gets no stream, and how that shows: "tab 7: its page does not load"."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        tabs = timeline.of("driver", "tab")
        stuck = next((seen for seen in tabs if seen.detail["stream"] != "open"), None)
        if stuck is not None:
            return [f"tab {stuck.detail['tab']}: {stuck.detail['stream']}"]
        return [f"none of {tabs[-1].detail['tab']}"] if tabs else []

    return Measure(name="first_tab_without", title="first tab without a stream", of=of)


def answered(call: str) -> Measure:
    """What a request by fetch was answered with: its status, or the name of the error it was rejected with."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        for seen in timeline.of("page", "fetched", name=call)[:1]:
            status = seen.detail.get("status")
            return [str(status) if status is not None else f"rejected: {str(seen.detail['because']).partition(':')[0]}"]
        return []

    return Measure(name=named("answered", call), title=f"{call}: answered", of=of)


def _after(timeline: Timeline, instant: Observation, stream: str, *kinds: str) -> list[Observation]:
    """What the page wrote down of a stream after an instant of the driver's."""
    return [seen for seen in timeline.page_after(instant, *kinds) if seen.detail.get("stream") == stream]
