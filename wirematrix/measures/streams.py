"""Measures of raw streams: how they end, how soon the page knows, when they come back, what they ask for.

Each takes the `stream`'s name in the page and, where the origin's side counts, the `place` (path) it was opened on.
`about` begins the title and, made a word, the name: what was done to the stream ("FIN without the last chunk").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import inf
from typing import Final

from wirematrix.budgets import Budget
from wirematrix.measures.measure import UNITS, Measure
from wirematrix.measures.reading import capped, ends, entries, header, is_over, next_request, requests, slack_ms
from wirematrix.model import Observation, Observed
from wirematrix.timeline import Timeline

STREAM: Final = "a"
PLACE: Final = "/stream"
NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")


def ending(about: str = "", *, stream: str = STREAM, otherwise: str | None = None) -> Measure:
    """How the page's code learns of the end: the events it was given, in words that say the same in any engine.

    A WebSocket: "close 1006, not clean, after error"; an EventSource: "error, CONNECTING" (it will try again) or
    "error, CLOSED" (it never will); a fetch: "rejected: TypeError" or "end of body". Without any end `otherwise` is
    recorded, if it is given.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        told = end_in_words(entries(timeline, stream, "close", "error")) or otherwise
        return [] if told is None else [told]

    return Measure(name=named("ends", about), title=titled(about, "how it ends for the page"), of=of)


def end_in_words(told: Sequence[Observation]) -> str | None:
    """The error and close events that a stream's code was given, as `ending` says them; None without any."""
    for turn, seen in enumerate(told):
        if seen.kind == "error":
            continue
        if seen.detail.get("code") is None:
            return "end of body"
        clean = "clean" if seen.detail["clean"] else "not clean"
        return f"close {seen.detail['code']}, {clean}{', after error' if turn else ''}"
    for seen in told:
        if seen.detail.get("state") is None:
            return f"rejected: {str(seen.detail.get('because')).partition(':')[0]}"
        return f"error, {seen.detail['state']}"
    return None


def fate(about: str = "", *, stream: str = STREAM, place: str = PLACE, count: int = 2) -> Measure:
    """What becomes of a stream: "comes back" (its `count`-th request was seen), "over" (the page knows that nothing
    more will come; with the number of requests), "waits" (it still means to try).
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        asked = len(requests(timeline, place))
        if is_over(timeline, stream):
            return [f"over after {asked} request{'s' if asked != 1 else ''}"]
        if asked >= count:
            return ["comes back"]
        if entries(timeline, stream, "error", "close"):
            return ["waits"]
        return ["open"] if entries(timeline, stream, "open") else ["waits for an answer"]

    return Measure(name=named("fate", about), title=titled(about, "what becomes of it"), of=of)


def noticed_ms(about: str = "", *, stream: str = STREAM, place: str = PLACE, cap: Budget | None = None) -> Measure:
    """From the origin's end of each response to the first sign of it in the page, before the path is asked for again.

    With a `cap`, an end that the page had no sign of for that long counts as that.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        slack = slack_ms(timeline)
        for asked, end in ends(timeline, place):
            later = next_request(timeline, asked)
            until_ms = later.at_ms + slack if later else inf
            signs = [seen.at_ms for seen in entries(timeline, stream, "error", "close")]
            behind = [at_ms for at_ms in signs if end.at_ms - slack <= at_ms <= until_ms]
            if behind:
                yield max(0.0, behind[0] - end.at_ms)
            elif later is None:
                yield from capped(timeline, end.at_ms, cap)

    return Measure(
        name=named("noticed", about, "ms"),
        title=titled(about, "page notices the end"),
        of=of,
        cap=cap.ms if cap else None,
    )


def request_count(about: str = "", *, place: str = PLACE) -> Measure:
    """How many requests of a path the origin had."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        return [len(requests(timeline, place))]

    return Measure(name=named("requests", about), title=titled(about, "requests at the server"), of=of)


def asked_from(about: str = "", *, place: str = PLACE, numbers: Iterable[int] | None = None) -> Measure:
    """The Last-Event-ID of the requests that follow the first (or of those `numbers`), in words: its text or "none"."""
    wanted = None if numbers is None else frozenset(numbers)

    def of(timeline: Timeline) -> Iterable[Observed]:
        asked = requests(timeline, place)
        chosen = asked[1:] if wanted is None else [one for one in asked if one.detail["number"] in wanted]
        return [shown_id(header(one, "last-event-id")) for one in chosen]

    return Measure(name=named("last_event_id", about), title=titled(about, "Last-Event-ID asked for"), of=of)


def shown_id(value: str | None) -> str:
    """An id as a word of a table: short, printable, "none" and "empty" told apart."""
    if value is None:
        return "none"
    if not value:
        return "empty"
    printable = value.encode("unicode_escape").decode("ascii")
    return printable if len(printable) <= 40 else f"{printable[:36]}... ({len(value)} characters)"


def opened_ms(about: str = "", *, stream: str = STREAM, cap: Budget | None = None) -> Measure:
    """From the constructor or fetch call to `open`; the cap, if it did not come for that long."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        began, opened = entries(timeline, stream, "opening"), entries(timeline, stream, "open")
        if not began:
            return []
        return [opened[0].at_ms - began[0].at_ms] if opened else capped(timeline, began[0].at_ms, cap)

    return Measure(
        name=named("open", about, "ms"), title=titled(about, "time to open"), of=of, cap=cap.ms if cap else None
    )


def heard(about: str = "", *, stream: str = STREAM) -> Measure:
    """The texts of the messages that the page's code was handed, in order, as one word; "nothing" without any."""

    def of(timeline: Timeline) -> Iterable[Observed]:
        texts = [shown_id(str(seen.detail["text"])) for seen in entries(timeline, stream, "message")]
        return [" | ".join(texts) or "nothing"]

    return Measure(name=named("heard", about), title=titled(about, "what the page hears"), of=of)


def named(what: str, about: str, unit: str = "") -> str:
    """A fact's name: lower-case words joined by "_", the unit last.

    Where there is no unit the name must not end like one: "after 300 ms" ends in "300ms".
    """
    name = "_".join(filter(None, [what, NOT_A_WORD.sub("_", about.lower()).strip("_"), unit]))
    head, _, last = name.rpartition("_")
    return f"{head}{last}" if last in UNITS and not unit else name


def titled(about: str, what: str) -> str:
    """A fact's title: what was done, then what is recorded of it."""
    return f"{about}: {what}" if about else what
