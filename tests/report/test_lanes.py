"""The marks of a picture: what each observation means, so that a reader can tell apart what must be told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wirematrix.model import Observation
from wirematrix.report.lanes import MARK_MEANS, Mark, marks

REPORT = Path(__file__).parents[2] / "wirematrix" / "report"


def seen(source: str, kind: str, **detail: object) -> Observation:
    """One observation."""
    return Observation(at_ms=1, source=source, kind=kind, detail=detail)


@pytest.mark.parametrize(
    ("observation", "mark"),
    [
        (seen("page", "message", type="update", seq=3), Mark.MESSAGE),
        (seen("page", "message", type="heartbeat"), Mark.HEARTBEAT),
        (seen("link", "frame", name="ping"), Mark.HEARTBEAT),
        (seen("link", "frame", name="close", code=1001), Mark.END),
        (seen("page", "error", state="CONNECTING"), Mark.ERROR),
        (seen("page", "console", level="error"), Mark.ERROR),
        (seen("page", "console", level="log"), Mark.NOTE),
        (seen("server", "respond", status=503), Mark.ERROR),
        (seen("server", "respond", status=200), Mark.OPEN),
        (seen("link", "link-end", by="page", how="fin"), Mark.END),
        (seen("link", "link-end", by="server", how="reset"), Mark.ERROR),
        (seen("link", "link-end", by="proxy", how="reset"), Mark.CUT),
        (seen("driver", "break"), Mark.CUT),
        (seen("driver", "mended"), Mark.MENDED),
        (seen("page", "silence"), Mark.WAIT),
        (seen("link", "request", target="/static/probe.js"), Mark.NOTE),
        (seen("moon", "<svg>"), Mark.NOTE),
    ],
)
def test_an_observation_has_its_mark(observation: Observation, mark: Mark) -> None:
    """Messages, heartbeats, ends, errors, cuts and mending are different marks; what is unknown is a note."""
    assert marks([observation]) == (mark,)


def test_asking_again_is_told_from_asking() -> None:
    """The first request of a source for a stream asks, further ones ask again, those with a resume point resume."""
    timeline = (
        seen("page", "opening", attempt=1, resume=None),
        seen("link", "request", target="/sse/c1", last_event_id=None),
        seen("link", "request", target="/sse/c1?token=1", last_event_id=None),
        seen("link", "request", target="/sse/c1", last_event_id="9c01f2aa-3"),
        seen("page", "opening", attempt=2, resume="9c01f2aa-3"),
    )
    assert marks(timeline) == (Mark.ASK, Mark.ASK, Mark.AGAIN, Mark.RESUME, Mark.RESUME)


def test_every_mark_has_a_shape_of_its_own() -> None:
    """Each mark is defined in words and has one shape, and no two have the same: colour is not needed."""
    template = (REPORT / "templates" / "evidence.html.jinja").read_text(encoding="utf-8")
    shapes = dict(re.findall(r'<g id="m-([a-z]+)">(.*?)</g>', template))
    assert set(shapes) == set(map(str, Mark)) == set(map(str, MARK_MEANS))
    assert len(set(shapes.values())) == len(shapes)
