"""Checks of raw streams in the page, by their names; a stream is asked for on the path of its name."""

from __future__ import annotations

from wirematrix.checks.claims import Answer, Check
from wirematrix.measures.reading import requests
from wirematrix.model import Held, Observation
from wirematrix.timeline import Timeline

CONDITIONS = {"if-none-match", "if-modified-since"}
COMES_BACK = 3  # times that a control stream comes back while others must not


def streams_opened(*streams: str) -> Check:
    """Each of these streams opened."""

    def these_streams_opened(timeline: Timeline) -> Answer:
        shut = [one for one in streams if not timeline.of("page", "open", stream=one)]
        if shut:
            return Held.BROKEN, f"{len(shut)} of {len(streams)} never opened: {', '.join(shut)}"
        return Held.HELD, f"all {len(streams)} opened"

    return these_streams_opened


def failed_for_good(*streams: str, control: str) -> Check:
    """The page knows that each is over, and each was asked for once while a control stream came back three times."""

    def these_failed_for_good(timeline: Timeline) -> Answer:
        came_back = len(requests(timeline, f"/{control}")) - 1
        if came_back < COMES_BACK:
            return Held.UNDECIDED, f"the control stream came back {max(0, came_back)} times; expected {COMES_BACK}"
        unasked = [one for one in streams if not requests(timeline, f"/{one}")]
        if unasked:
            return Held.UNDECIDED, f"nobody asked for {', '.join(unasked)}"
        wrong = []
        for one in streams:
            asked = len(requests(timeline, f"/{one}"))
            if asked > 1:
                wrong.append(f"{one} was asked for {asked} times")
            elif not timeline.of("page", "over", stream=one):
                wrong.append(f"{one} is not over")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(streams)}: {'; '.join(wrong)}"
        return (
            Held.HELD,
            f"all {len(streams)} are over after 1 request, while the control stream came back {came_back} times",
        )

    return these_failed_for_good


def heard_nothing(*streams: str) -> Check:
    """Not one message of these streams reached the page's code."""

    def nothing_was_heard(timeline: Timeline) -> Answer:
        if not all(timeline.of("page", "opening", stream=one) for one in streams):
            return Held.UNDECIDED, "not all of them were opened by the page"
        heard = [seen for one in streams for seen in timeline.of("page", "message", stream=one)]
        if heard:
            first = heard[0].detail
            return Held.BROKEN, f"{len(heard)} messages were heard, the first by {first['stream']}: {first['text']}"
        return Held.HELD, f"nothing was heard by {len(streams)} streams"

    return nothing_was_heard


def never_requested(*places: str) -> Check:
    """The page tried at least one stream, and none of these paths (without their slash) was asked for."""

    def these_were_never_requested(timeline: Timeline) -> Answer:
        if not timeline.of("page", "opening", "refused"):
            return Held.UNDECIDED, "the page never tried to open anything"
        asked = [one for one in places if requests(timeline, f"/{one}")]
        if asked:
            return Held.BROKEN, f"the server was asked for {', '.join(asked)}"
        return Held.HELD, f"nobody asked for {', '.join(places)}"

    return these_were_never_requested


def handshakes_failed(*streams: str) -> Check:
    """Each WebSocket failed as the standard demands: never open, `error`, then `close` 1006, not clean, no reason.

    WebSockets standard, section 4 (feedback from the protocol): all failures of a handshake look alike to script.
    """

    def these_handshakes_failed(timeline: Timeline) -> Answer:
        wrong = []
        for one in streams:
            if not timeline.of("page", "opening", stream=one):
                return Held.UNDECIDED, f"the page never opened {one}"
            said = told_of(timeline, one)
            if said != "error, close 1006 not clean":
                wrong.append(f"{one}: {said or 'told nothing'}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(streams)} differ: {'; '.join(wrong)}"
        return Held.HELD, f"all {len(streams)}: error, close 1006 not clean"

    return these_handshakes_failed


def protocol_agreed(stream: str, protocol: str) -> Check:
    """A WebSocket opened with this subprotocol."""

    def the_protocol_was_agreed(timeline: Timeline) -> Answer:
        opened = timeline.first("page", "open", stream=stream)
        if opened is None:
            return Held.BROKEN, f"{stream} never opened: {told_of(timeline, stream) or 'told nothing'}"
        got = opened.detail.get("protocol")
        return (Held.HELD if got == protocol else Held.BROKEN), f"{stream} opened with protocol {got!r}"

    return the_protocol_was_agreed


def ended_by_the_page(*streams: str) -> Check:
    """What the page closes while it connects is told as the standards demand, and never opens.

    EventSource: CLOSED at once, no event. WebSocket: CLOSING at once, then `error` and `close` 1006. fetch: rejected
    with an AbortError. Which of them it is shows in the state that close() led to.
    """

    def the_page_ended_these(timeline: Timeline) -> Answer:
        wrong = []
        for one in streams:
            closing = timeline.first("page", "closing", stream=one)
            if closing is None:
                return Held.UNDECIDED, f"the page never closed {one}"
            wanted = {"CLOSED": "", "CLOSING": "error, close 1006 not clean"}.get(
                str(closing.detail["state"]), "error AbortError"
            )
            if (said := told_of(timeline, one)) != wanted:
                wrong.append(f"{one} was told {said or 'nothing'}; expected {wanted or 'nothing'}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(streams)}: {'; '.join(wrong)}"
        return Held.HELD, f"all {len(streams)} ended as asked"

    return the_page_ended_these


def header_carried(stream: str, name: str, *wanted: str) -> Check:
    """The stream's first request carried a header, with one of these values if any are given."""

    def the_header_was_carried(timeline: Timeline) -> Answer:
        asked = requests(timeline, f"/{stream}")
        if not asked:
            return Held.UNDECIDED, f"nobody asked for {stream}"
        values = [str(value) for key, value in asked[0].detail["headers"] if str(key).lower() == name.lower()]
        if not values:
            return Held.BROKEN, f"{stream} was asked for without {name}"
        if wanted and values[0] not in wanted:
            return Held.BROKEN, f"{name}: {values[0]}; expected {' or '.join(wanted)}"
        return Held.HELD, f"{name}: {values[0]}"

    return the_header_was_carried


def asked_afresh(stream: str, times: int) -> Check:
    """A stream was asked for that many times, and never conditionally: nothing came from a cache."""

    def it_was_asked_for_afresh(timeline: Timeline) -> Answer:
        asked = requests(timeline, f"/{stream}")
        if not asked:
            return Held.UNDECIDED, f"nobody asked for {stream}"
        conditional = [str(key) for one in asked for key, _ in one.detail["headers"] if str(key).lower() in CONDITIONS]
        if len(asked) != times or conditional:
            asked_if = f", with {', '.join(conditional)}" if conditional else ""
            return Held.BROKEN, f"{stream} was asked for {len(asked)} times{asked_if}; expected {times} afresh"
        return Held.HELD, f"{stream} was asked for {times} times, never conditionally"

    return it_was_asked_for_afresh


def pongs_came(times: int) -> Check:
    """The engine answered so many pings, each with the content of the ping (RFC 6455, section 5.5.3)."""

    def the_pongs_came(timeline: Timeline) -> Answer:
        sent, came = timeline.of("server", "ping-sent"), timeline.of("server", "pong")
        if not sent:
            return Held.UNDECIDED, "the server never sent a ping"
        wrong = [seen for seen in came if not seen.detail["same"]]
        if len(came) < times or wrong:
            changed = f", {len(wrong)} with another content" if wrong else ""
            return Held.BROKEN, f"{len(came)} of {times} pings were answered{changed}"
        return Held.HELD, f"all {times} pings were answered"

    return the_pongs_came


def opened_elsewhere(*streams: str) -> Check:
    """Each of these streams opened in the worker or frame it lives in."""

    def these_opened_elsewhere(timeline: Timeline) -> Answer:
        wrong = []
        for one in streams:
            said = timeline.of("page", "elsewhere", stream=one)
            if not any(seen.detail["said"] == "open" for seen in said):
                last = said[-1].detail if said else {}
                because = f" ({last['because']})" if last.get("because") else ""
                wrong.append(f"{one}: {last.get('said', 'nothing')}{because}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(streams)} never opened: {'; '.join(wrong)}"
        return Held.HELD, f"all {len(streams)} opened"

    return these_opened_elsewhere


def told_of(timeline: Timeline, stream: str) -> str:
    """What the page's code was told of a stream, in words: `open, error, close 1006 not clean`."""
    return ", ".join(map(_word, timeline.of("page", "open", "error", "close", stream=stream)))


def _word(seen: Observation) -> str:
    if seen.kind == "close" and seen.detail.get("code") is not None:
        reason = f" {seen.detail['reason']!r}" if seen.detail.get("reason") else ""
        return f"close {seen.detail['code']} {'clean' if seen.detail['clean'] else 'not clean'}{reason}"
    because = str(seen.detail.get("because") or "").partition(":")[0]
    return f"{seen.kind} {because}".strip()
