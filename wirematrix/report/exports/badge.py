"""A badge, as README files show them: a label, and how many cells there are and how many nobody expected.

It says in words what its colour says, has a title for those who do not see it, and loads nothing: no font, no script.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from wirematrix.model import Run
from wirematrix.report.merge import merge_views
from wirematrix.report.tally import Tally, counted
from wirematrix.report.text import visible

LABEL: Final = "matrix"
GOOD, NEWS, INCOMPLETE = "#1b6e36", "#b3261e", "#7a5200"  # white text on each has a contrast of 6 and more
PADDING_PX: Final = 8
NARROW: Final = frozenset("ijlft.,:;'|!()[] 1")  # of a sans serif at 11 px
NARROW_PX, USUAL_PX, WIDE_PX = 4.3, 7.0, 11.0


def badge_svg(runs: Sequence[Run], *, label: str = LABEL) -> str:
    """The badge of one run or several as the text of an SVG file. Raises InvalidInput if there is no run."""
    tally = merge_views(runs).tally
    label, message = visible(label), message_of(tally)
    label_px, message_px = width_px(label), width_px(message)
    environment = Environment(
        loader=PackageLoader("wirematrix.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("badge.svg.jinja").render(
        label=label,
        message=message,
        label_px=label_px,
        message_px=message_px,
        padding_px=PADDING_PX,
        left_px=label_px + 2 * PADDING_PX,
        whole_px=label_px + message_px + 4 * PADDING_PX,
        colour=NEWS if tally.surprises else INCOMPLETE if tally.missing or not tally.cells else GOOD,
    )


def message_of(tally: Tally) -> str:
    """`1,284 cells, 0 unexpected`, and how many never ran if any did not."""
    missing = f", {tally.missing:,} not run" if tally.missing else ""
    return f"{counted(tally.cells, 'cell')}, {tally.surprises:,} unexpected{missing}"


def width_px(text: str) -> int:
    """About how wide a text is; the badge then has its font fill just that."""
    return round(sum(map(_character_px, text)))


def _character_px(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE_PX
    return NARROW_PX if character in NARROW else USUAL_PX
