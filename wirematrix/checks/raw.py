"""Checks of raw streams: what a standard demands of any engine."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from wirematrix.checks.claims import Answer, Check
from wirematrix.measures.reading import entries, gaps_ms, header, requests
from wirematrix.model import Held
from wirematrix.timeline import Timeline


def close_codes_passed(codes: Iterable[int]) -> Check:
    """Each code reached the page from the stream `code-N`, with its reason, clean (WebSockets standard, section 4)."""
    wanted = tuple(codes)

    def close_codes_were_passed(timeline: Timeline) -> Answer:
        wrong = []
        for code in wanted:
            sent = timeline.first("server", "close-sent", code=code)
            if sent is None:
                return Held.UNDECIDED, f"the server never sent {code}"
            seen = timeline.first("page", "close", stream=f"code-{code}")
            if seen is None:
                wrong.append(f"{code} led to no close event")
                continue
            got = (seen.detail["code"], seen.detail["reason"], seen.detail["clean"])
            if got != (code, f"because {code}", True):
                clean = "clean" if seen.detail["clean"] else "not clean"
                wrong.append(f"{code} became {seen.detail['code']}, {clean}, reason {seen.detail['reason']!r}")
        if wrong:
            return Held.BROKEN, f"{len(wrong)} of {len(wanted)} codes: {'; '.join(wrong)}"
        return Held.HELD, f"all {len(wanted)} codes arrived as they were, clean, with their reasons"

    return close_codes_were_passed


def waited_at_least(asked_ms: float, *, place: str) -> Check:
    """The engine waited as long as `retry:` asked (HTML standard, 9.2.3: a delay equal to the reconnection time)."""

    def waited_the_asked_delay(timeline: Timeline) -> Answer:
        gaps = gaps_ms(timeline, place)
        if not gaps:
            return Held.UNDECIDED, f"{place} was not asked for again"
        if min(gaps) < asked_ms:
            return Held.BROKEN, f"came back after {min(gaps):.0f} ms; the server asked for {asked_ms:.0f}"
        return Held.HELD, f"came back after {', '.join(f'{gap:.0f}' for gap in gaps)} ms; asked {asked_ms:.0f}"

    return waited_the_asked_delay


def asked_for(wanted: str, *, place: str = "/stream") -> Check:
    """The second request carried this Last-Event-ID (HTML standard, 9.2.3)."""

    def asked_for_the_id(timeline: Timeline) -> Answer:
        asked = requests(timeline, place)
        if len(asked) < 2:
            return Held.UNDECIDED, f"{place} was asked for {len(asked)} times, not twice"
        got = header(asked[1], "last-event-id")
        if got != wanted:
            return Held.BROKEN, f"the second request asked for {got!r}; expected {wanted!r}"
        return Held.HELD, f"the second request asked for {wanted!r}"

    return asked_for_the_id


def each_once_in_order(stream: str, last: int) -> Check:
    """The messages of a stream, numbered from 1, reached the page's code once each and in order."""

    def came_once_in_order(timeline: Timeline) -> Answer:
        got = [int(seen.detail["seq"]) for seen in entries(timeline, stream, "message") if seen.detail["seq"]]
        if not got:
            return Held.BROKEN, f"stream {stream}: not one message arrived"
        missing = sorted(set(range(1, last + 1)) - set(got))
        twice = len(got) - len(set(got))
        disorder = sum(after <= before for before, after in pairwise(got))
        if missing or twice or disorder:
            return Held.BROKEN, (
                f"stream {stream}: of {last} messages {len(missing)} are missing"
                f"{f' (the first is {missing[0]})' if missing else ''}, {twice} came twice, {disorder} out of order"
            )
        opened = len(entries(timeline, stream, "open"))
        return Held.HELD, f"stream {stream}: {last} messages once each, in order, over {opened} connections"

    return came_once_in_order
