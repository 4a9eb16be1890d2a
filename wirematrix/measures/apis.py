"""What an engine has beside the APIs that the transports need: found, used, or not there (static/raw/apis.js)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wirematrix.measures.measure import Measure
from wirematrix.model import Observed
from wirematrix.timeline import Timeline

NOBODY_HAS: Final = "nobody_has"
ABSENT: Final = "absent"


def api(name: str, title: str) -> Measure:
    """What the page found of an API: "works", "is there", "absent", "otherwise", "hangs", or how it failed.

    Nothing, if the page's control did not run, or found the API that nobody has: then no answer of it counts.
    """

    def of(timeline: Timeline) -> Iterable[Observed]:
        said = {str(seen.detail["name"]): str(seen.detail["said"]) for seen in timeline.of("page", "api")}
        return [said[name]] if said.get(NOBODY_HAS) == ABSENT and name in said else []

    return Measure(name=f"api_{name}", title=title, of=of)
