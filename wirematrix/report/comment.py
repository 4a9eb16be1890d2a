"""The comment under a pull request: what changed against the baseline, what else is unexpected, where the report is.

It begins with a marker that no reader sees, by which a workflow finds its own comment again and updates it in place of
writing another. It always fits: GitHub refuses a comment of more than 65,536 characters, so cells are named only as far
as there is room, and the rest are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wirematrix.errors import InvalidInput
from wirematrix.gather import Place
from wirematrix.model import Run
from wirematrix.report import markdown
from wirematrix.report.changes_markdown import changes_markdown, fitting
from wirematrix.report.markdown import Link, escaped, linked, no_link
from wirematrix.report.merge import merge_views
from wirematrix.report.text import clipped, web_link
from wirematrix.report.views import ReportView
from wirematrix.transitions import Transitions

MARKER: Final = "<!-- wirematrix: difference -->"
NO_BASELINE: Final = "There is no baseline to compare with yet."
NO_ROOM: Final = "There is no room here for more; the report has it all."


def comment_markdown(runs: Sequence[Run], changes: Transitions | None, *, url: str = "") -> str:
    """The comment; at most 64,000 bytes, so also characters, and never empty.

    `changes` is None where there is no baseline. `url` is where the report lies: cells then lead to their evidence.
    Raises InvalidInput if there is no run, or if `url` is no absolute web address.
    """
    view = merge_views(runs)
    link = evidence_link(view, url)
    whole = fitting(lambda at_most: _lines(view, changes, url, at_most, link))
    return whole or f"{MARKER}\n## {escaped(clipped(view.headline))}\n\n{NO_ROOM}\n"


def evidence_link(view: ReportView, url: str) -> Link:
    """From a cell to its evidence in the report that lies at an address; InvalidInput if that is none."""
    if not url:
        return no_link
    if not web_link(url) or "#" in url:
        raise InvalidInput("--url", f"got {url!r}", expected="an absolute http or https address without a fragment")
    anchors = {Place(slot.engine.key, slot.cell): slot.anchor for slot in view.judged}
    return lambda place: f"{url}#{anchors[place]}" if place in anchors else ""


def _lines(view: ReportView, changes: Transitions | None, url: str, at_most: int, link: Link) -> Iterator[str]:
    yield MARKER
    yield from markdown.head(view)
    if url:
        yield linked("The whole report", url)
        yield ""
    yield from markdown.missing(view, at_most)
    yield changes_markdown(changes, at_most=at_most, link=link) if changes else f"{NO_BASELINE}\n"
    title = "Unexpected, and no change" if changes else "Unexpected"
    yield from markdown.unexpected(view, at_most, link, besides=changes.changes if changes else (), title=title)
    yield from markdown.engines(view)
