"""The numbers of an attempt, taken from its timeline. Names end in the unit; counts have none.

A metric that has no meaning in an attempt (nothing was broken, nothing arrived) is None, never 0.
Where an attempt has several breaks, the times are those of the worst one and `breaks` says how many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from statistics import quantiles

from wirematrix.accounting import LATE_AFTER_MS, Audit, Place, audit
from wirematrix.ledger import NUMBERED, is_stream
from wirematrix.model import Observation
from wirematrix.timeline import Timeline

METRICS: Mapping[str, str] = {
    "open_ms": "first constructor or fetch call to `open`",
    "first_message_ms": "first constructor or fetch call to the first message of any type",
    "detect_ms": "break to the first sign of it in the page (error, close or watchdog)",
    "reopen_ms": "break to the next `open`",
    "recover_ms": "break to the first message that was published after it",
    "reconnect_delay_ms": "the page noticed the end, to its next request at the link; median",
    "server_notice_ms": "the page went away, to the server's log saying so",
    "delivery_p50_ms": "publish to page, median over the updates of an attempt without breaks",
    "delivery_p95_ms": "publish to page, 95th percentile",
    "uplink_ms": "send in the page to the message's return over the stream; median",
    "attempts": "connections the page asked for after the first break",
    "breaks": "how often the network was broken",
    "published": "numbered messages the driver had published; uplink messages are the page's own",
    "received": "numbered messages handed to the page's code, repeats included",
    "lost": "published and never received",
    "lost_before_server": "lost, and never sent: the server took it in and handed it to no socket",
    "lost_in_link": "lost, though the server sent it: it never passed the proxy",
    "lost_in_page": "lost, though it passed the proxy: the page's code was never handed it",
    "lost_unknown": "lost, and the logs do not say where",
    "told": "lost, but named by a `gap`",
    "late": f"first copies that came more than {LATE_AFTER_MS:,} ms after they were published",
    "slowest_ms": "publish to page, the slowest first copy, breaks included",
    "duplicated": "surplus copies handed to the page's code",
    "duplicated_by_server": "surplus copies that the server had sent",
    "reordered": "arrived after a higher number",
    "deduplicated": "repeats that the resilient policy removed",
}
SIGNS = ("error", "close", "silence")


def metrics(timeline: Timeline) -> dict[str, float | int | None]:
    """Every metric that this timeline can give; see METRICS for what each one means."""
    account = audit(timeline)
    opening = timeline.first("page", "opening")
    breaks = timeline.of("driver", "break")
    latencies = delivery_latencies_ms(timeline)
    delays = reconnect_delays_ms(timeline)
    values: dict[str, float | int | None] = {
        "open_ms": _between(opening, timeline.first("page", "open")),
        "first_message_ms": _between(opening, timeline.first("page", "message")),
        "detect_ms": _worst(breaks, lambda broken: first_sign(timeline, broken)),
        "reopen_ms": _worst(breaks, lambda broken: first_open(timeline, broken)),
        "recover_ms": _worst(breaks, lambda broken: first_recovered(timeline, broken.at_ms)),
        "reconnect_delay_ms": percentile(delays, 50),
        "server_notice_ms": _between(timeline.first("driver", "left"), server_notice(timeline)),
        "delivery_p50_ms": percentile(latencies, 50),
        "delivery_p95_ms": percentile(latencies, 95),
        "uplink_ms": percentile(uplink_round_trips_ms(timeline), 50),
        "attempts": connection_attempts(timeline, breaks[0]) if breaks else None,
        "breaks": len(breaks) or None,
        **counts(account, deduplicated=len(timeline.of("page", "dropped"))),
    }
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in values.items()}


def counts(account: Audit, *, deduplicated: int) -> dict[str, float | int | None]:
    """The metrics of delivery; None where there was nothing to count.

    So is what was lost at one place where the logs prove none there and do not say where others were lost.
    """
    published, received = bool(account.published), bool(account.received)
    return {
        "published": _if(published or received, len(account.published)),
        "received": _if(published or received, len(account.received)),
        "lost": _if(published, len(account.lost)),
        "lost_before_server": _if(published, _proven(account.lost_at, Place.SERVER)),
        "lost_in_link": _if(published, _proven(account.lost_at, Place.LINK)),
        "lost_in_page": _if(published, _proven(account.lost_at, Place.PAGE)),
        "lost_unknown": _if(published, account.lost_at.count(Place.UNKNOWN)),
        "told": _if(published, len(account.told)),
        "late": _if(account.slowest_ms is not None, len(account.late)),
        "slowest_ms": account.slowest_ms,
        "duplicated": _if(received, len(account.duplicated)),
        "duplicated_by_server": _if(received, _proven(account.doubled_at, Place.SERVER)),
        "reordered": _if(received, len(account.reordered)),
        "deduplicated": _if(received, deduplicated),
    }


def _if(meant: bool, count: int | None) -> int | None:  # noqa: FBT001 - reads as a sentence
    return count if meant else None


def _proven(places: Sequence[Place], place: Place) -> int | None:
    count = places.count(place)
    return None if count == 0 and Place.UNKNOWN in places else count


def first_sign(timeline: Timeline, broken: Observation) -> Observation | None:
    """The page's first sign that something broke.

    Mending a blackhole cuts its links, which no page can overlook: what comes after that is no sign of it.
    """
    cut = timeline.first("driver", "mended", since_ms=broken.at_ms, cut=True)
    too_late = timeline.page_after(cut, *SIGNS) if cut else ()
    return next((sign for sign in timeline.page_after(broken, *SIGNS) if sign not in too_late), None)


def first_open(timeline: Timeline, broken: Observation) -> Observation | None:
    """The first `open` after a break."""
    return next(iter(timeline.page_after(broken, "open")), None)


def server_notice(timeline: Timeline) -> Observation | None:
    """When the server knew that the page had gone."""
    left = timeline.first("driver", "left")
    return timeline.first("server", "gone", since_ms=left.at_ms - 50) if left else None


def first_recovered(timeline: Timeline, since_ms: float) -> Observation | None:
    """The first message received that was published after the break."""
    fresh = timeline.of("driver", "published", since_ms=since_ms)
    if not fresh:
        return None
    wanted = (fresh[0].detail["epoch"], fresh[0].detail["first"])
    return next(
        (
            seen
            for seen in timeline.of("page", "message", since_ms=since_ms)
            if (seen.detail.get("epoch"), seen.detail.get("seq")) == wanted and seen.detail.get("type") in NUMBERED
        ),
        None,
    )


def connection_attempts(timeline: Timeline, broken: Observation) -> int:
    """Connections the page asked for since a break: our own calls, plus the tries an EventSource announced itself.

    An EventSource that fires `error` in state CONNECTING will try again without being asked
    (HTML standard, 9.2.3, reestablish the connection), and it does so where no link can see it.
    """
    opening = timeline.first("page", "opening")
    by_itself = opening is not None and opening.detail.get("transport") == "eventsource"
    tries = [
        seen
        for seen in timeline.page_after(broken, "opening", "error")
        if seen.kind == "opening" or (by_itself and seen.detail.get("state") == "CONNECTING")
    ]
    return len(tries)


def reconnect_delays_ms(timeline: Timeline) -> list[float]:
    """For every end the page noticed: how long until its next stream request was seen at the link."""
    delays = []
    signs = timeline.of("page", "error", "close")
    for sign, another in zip_longest(signs, signs[1:]):
        following = next(
            (
                seen
                for seen in timeline.of("link", "request", since_ms=sign.at_ms)
                if is_stream(str(seen.detail.get("target", "")))
            ),
            None,
        )
        if following and (another is None or following.at_ms <= another.at_ms):
            delays.append(following.at_ms - sign.at_ms)
    return delays


def delivery_latencies_ms(timeline: Timeline) -> list[float]:
    """Publish to page, for messages the server published while nothing was broken."""
    if timeline.of("driver", "break"):
        return []
    sent = {
        int(seen.detail["seq"]): seen.at_ms
        for seen in timeline.of("server", "publish")
        if seen.detail.get("type") == "update"
    }
    return [
        max(0.0, seen.at_ms - sent[seen.detail["seq"]])
        for seen in timeline.of("page", "message", type="update")
        if seen.detail["seq"] in sent
    ]


def uplink_round_trips_ms(timeline: Timeline) -> list[float]:
    """Send in the page to the same payload's return over the stream."""
    trips = []
    for sent in timeline.of("page", "sent"):
        began_ms = round(sent.at_ms - float(sent.detail.get("took_ms", 0)), 2)
        back = timeline.first("page", "message", since_ms=began_ms, type="uplink", crc=sent.detail.get("crc"))
        if back:
            trips.append(back.at_ms - began_ms)
    return trips


def percentile(values: list[float], percent: int) -> float | None:
    """The percentile of what was measured, None of nothing; inclusive method."""
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _between(start: Observation | None, end: Observation | None) -> float | None:
    return end.at_ms - start.at_ms if start and end else None


def _worst(breaks: tuple[Observation, ...], following: Callable[[Observation], Observation | None]) -> float | None:
    """The longest of the times from each break to what follows it; None as soon as one never came."""
    longest: float | None = None
    for broken in breaks:
        then = following(broken)
        if then is None:
            return None
        longest = max(longest or 0.0, then.at_ms - broken.at_ms, 0.0)
    return longest
