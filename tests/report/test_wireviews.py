"""What went by on the wire, as tables: told as it was seen, joined by number and never by time."""

from __future__ import annotations

import pytest

from wirematrix.model import Observation
from wirematrix.report.flows import flows
from wirematrix.report.text import relative_link
from wirematrix.report.wireviews import LEFT_OUT, ROWS_FIRST, ROWS_LAST, tables


def seen(at_ms: float, source: str, kind: str, **detail: object) -> Observation:
    """One observation."""
    return Observation(at_ms=at_ms, source=source, kind=kind, detail=detail)


def test_requests_stand_as_each_witness_saw_them() -> None:
    """Request line, Last-Event-ID, the fields that matter and the answer; files of the page are left to the timeline."""
    (requests,) = tables((
        seen(1, "link", "request", link=1, method="GET", target="/static/probe.js", last_event_id=None),
        seen(2, "link", "request", link=1, method="GET", target="/sse/c1", last_event_id="e-3"),
        seen(
            3, "server", "request", connection=4, method="GET", target="/stream", last_event_id="",
            headers=[["Accept", "text/event-stream"], ["User-Agent", "of no use here"]],
        ),
        seen(4, "server", "respond", connection=4, status=503),
        seen(5, "link", "answer", link=1, status=502),
    ))  # fmt: skip
    assert requests.rows == (
        ("2.0", "link", "GET /sse/c1", "e-3", "link 1"),
        ("3.0", "server", "GET /stream", "empty", "connection 4 · Accept: text/event-stream"),
        ("4.0", "server", "answers 503", "", "connection 4"),
        ("5.0", "link", "answered 502", "", "link 1"),
    )


def test_events_frames_links_and_console_have_tables() -> None:
    """A close frame has its code and length, a link its bytes and end, a console line its level; empty tables go."""
    traffic, links, console = tables((
        seen(1, "page", "message", id="7", type="update", chars=12),
        seen(2, "server", "frame", connection=3, name="close", bytes=5, code=1001, reason="bye"),
        seen(3, "link", "link-end", link=1, by="proxy", how="reset", bytes_up=662, bytes_down=44112),
        seen(4, "page", "console", level="error", text="refused", where="x.js:3"),
    ))  # fmt: skip
    assert traffic.rows == (
        ("1.0", "page", "message of type update", "12 chars", "7", ""),
        ("2.0", "server", "close frame from the page", "5", "", "code 1001 · reason bye · connection 3"),
    )
    assert links.rows == (("3.0", "1", "662", "44,112", "proxy", "reset"),)
    assert console.rows == (("4.0", "error", "refused", "x.js:3"),)


def test_long_tables_say_what_they_leave_out() -> None:
    """The first and the last rows stay; the row between has their number and is as wide as the others."""
    (traffic,) = tables([seen(place, "page", "message", seq=place) for place in range(100)])
    assert len(traffic.rows) == ROWS_FIRST + ROWS_LAST + 1
    between = traffic.rows[ROWS_FIRST]
    assert between[:2] == (LEFT_OUT, "20 more rows, see the timeline")
    assert len(between) == len(traffic.heads)


def test_lines_join_the_same_message_only() -> None:
    """A line goes from lane to lane for one epoch and seq; a message that was lost has none to the page."""
    timeline = (
        seen(1, "server", "send", epoch="e", seq=1, type="update"),
        seen(1, "server", "send", epoch="e", seq=2, type="update"),
        seen(2, "link", "passed", epoch="e", first=1, last=2),
        seen(3, "page", "message", epoch="e", seq=1, type="update"),
        seen(4, "page", "message", epoch="other", seq=2, type="update"),
    )
    assert flows(timeline) == ((0, 2), (1, 2), (2, 3))


@pytest.mark.parametrize(
    ("file", "url"),
    [
        ("evidence/a/trace.zip", "./evidence/a/trace.zip"),
        ("evidence/a b#?.png", "./evidence/a%20b%23%3F.png"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("../page.png", ""),
        ("a/../../page.png", ""),
        ("/etc/passwd", ""),
        ("..\\page.png", ""),
        ("a\u202eb.png", ""),
        ("", ""),
    ],
)
def test_only_files_below_the_report_are_linked(file: str, url: str) -> None:
    """A name is never a scheme, an absolute path, or a way out of the folder."""
    assert relative_link(file) == url
