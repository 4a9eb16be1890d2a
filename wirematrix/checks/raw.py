"""Checks of raw streams: what a standard demands of any engine."""

from __future__ import annotations

from collections.abc import Iterable

from wirematrix.checks.claims import Answer, Check
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
