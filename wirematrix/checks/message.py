"""Checks of delivery: all of it, once, in order, unchanged, both ways."""

from __future__ import annotations

from wirematrix.accounting import audit, copies, losses, spell
from wirematrix.checks.claims import Answer, how_it_ended
from wirematrix.model import Held
from wirematrix.timeline import Timeline


def no_gap(timeline: Timeline) -> Answer:
    """Every published message reached the page."""
    account = audit(timeline)
    if not account.published:
        return Held.UNDECIDED, "nothing was published"
    if account.lost:
        named = f" ({len(account.told)} of them named by a gap)" if account.told else ""
        return Held.BROKEN, (
            f"{len(account.lost)} of {len(account.published)} messages never arrived{named}: "
            f"{spell(account.lost)} ({losses(account)}); {how_it_ended(timeline)}"
        )
    return Held.HELD, f"all {len(account.published)} messages arrived"


def no_duplicate(timeline: Timeline) -> Answer:
    """No message was handed to the page twice."""
    account = audit(timeline)
    if not account.received:
        return Held.UNDECIDED, "nothing was received"
    if account.duplicated:
        return (
            Held.BROKEN,
            f"{len(account.duplicated)} surplus copies: {spell(account.duplicated)} ({copies(account)})",
        )
    return Held.HELD, f"each of {len(account.received)} messages came once"


def in_order(timeline: Timeline) -> Answer:
    """Messages came in the order of their numbers."""
    account = audit(timeline)
    if not account.received:
        return Held.UNDECIDED, "nothing was received"
    if account.reordered:
        return (
            Held.BROKEN,
            f"{len(account.reordered)} came after a higher number: {spell(account.reordered)}",
        )
    return Held.HELD, f"{len(account.received)} messages came in order"


def payloads_unchanged(timeline: Timeline) -> Answer:
    """Each payload arrived with the length and CRC-32 with which it was published."""
    sent = timeline.of("driver", "published")
    wrong: list[str] = []
    compared = 0
    for published in sent:
        if "crc" not in published.detail:
            continue
        compared += 1
        arrived = timeline.first("page", "message", type="update", seq=published.detail["first"])
        name = published.detail["label"]
        if arrived is None:
            wrong.append(f"{name} never arrived")
        elif (arrived.detail.get("chars"), arrived.detail.get("crc")) != (
            published.detail["chars"],
            published.detail["crc"],
        ):
            wrong.append(
                f"{name}: {published.detail['chars']} UTF-16 units with CRC-32 {published.detail['crc']} "
                f"became {arrived.detail.get('chars')} with {arrived.detail.get('crc')}"
            )
    if not compared:
        return Held.UNDECIDED, "no payload was published"
    if wrong:
        return Held.BROKEN, f"{len(wrong)} of {compared} payloads: {'; '.join(wrong)}"
    return Held.HELD, f"all {compared} payloads arrived unchanged"


def uplinks_returned(timeline: Timeline) -> Answer:
    """Each message the page sent came back over the stream, unchanged, once."""
    sent = timeline.of("page", "sent")
    failed = timeline.of("page", "send-failed")
    if failed:
        return Held.BROKEN, f"{len(failed)} sends failed, the first: {failed[0].detail.get('because')}"
    if not sent:
        return Held.UNDECIDED, "the page sent nothing"
    back = timeline.of("page", "message", type="uplink")
    missing = [one for one in sent if one.detail["crc"] not in {seen.detail.get("crc") for seen in back}]
    if missing or len(back) != len(sent):
        return Held.BROKEN, f"{len(sent)} sent, {len(back)} came back, {len(missing)} of the sent are missing"
    return Held.HELD, f"all {len(sent)} came back once"
