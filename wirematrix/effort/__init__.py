"""What each guarantee takes over each transport, measured from the source of the examples.

An example grows stage by stage, a guarantee at a time, in the order of `GUARANTEES`; each stage is a program that runs.
What a guarantee takes is what its stage has more than the stage before: lines and branches by a metrics library
(`sizes`), names from outside by the syntax (`concepts`). So the rows add up, and a name that is known is not counted
again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wirematrix.effort.concepts import concepts_of, own_names
from wirematrix.effort.sizes import Size, size_of
from wirematrix.effort.tags import GUARANTEES, stage
from wirematrix.errors import InvalidInput
from wirematrix.load_model import Effort

SERVER: Final = "server"
PAGE: Final = "page"
NOTHING: Final = {
    SERVER: "nothing has to be written on this side",
    PAGE: "the browser does it, nothing has to be written",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Where the two sides of one transport are, and the document that shows what the page's code says."""

    transport: str
    server: str
    page: str
    document: str


EXAMPLES: Final = (
    Example(
        transport="eventsource",
        server="examples/sse/server.py",
        page="examples/sse/page/eventsource.js",
        document="examples/sse/page/index.html",
    ),
    Example(
        transport="fetch-stream",
        server="examples/sse/server.py",
        page="examples/sse/page/fetch-stream.js",
        document="examples/sse/page/index.html",
    ),
    Example(
        transport="websocket",
        server="examples/websocket/server.py",
        page="examples/websocket/page/websocket.js",
        document="examples/websocket/page/index.html",
    ),
)


def effort_of(root: Path) -> tuple[Effort, ...]:
    """A row per transport, side and guarantee, from the examples below `root`; InvalidInput if they cannot be read."""
    return tuple(row for example in EXAMPLES for row in _of_example(root, example))


def source_of(root: Path, file: str) -> str:
    """The text of one of the examples' files; InvalidInput if it cannot be read."""
    try:
        return (root / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        expected = "a file of the examples; --folder names the folder that has them"
        raise InvalidInput(str(root / file), f"cannot be read: {error}", expected=expected) from error


def _of_example(root: Path, example: Example) -> Iterator[Effort]:
    ours = own_names(source_of(root, example.document), example.document)
    for side, file in ((SERVER, example.server), (PAGE, example.page)):
        yield from _of_side(example.transport, side, file, source_of(root, file), ours)


def _of_side(transport: str, side: str, file: str, source: str, ours: Collection[str]) -> Iterator[Effort]:
    before, known = Size(lines=0, branches=0), frozenset[str]()
    ours = own_names(source, file) | set(ours)  # a name of ours is ours at each stage
    for count, guarantee in enumerate(GUARANTEES, 1):
        text = stage(source, file, GUARANTEES[:count])
        size, concepts = size_of(text, file), concepts_of(text, file, ours)
        lines = size.lines - before.lines
        yield Effort(
            guarantee=guarantee,
            transport=transport,
            side=side,
            lines=lines,
            branches=size.branches - before.branches,
            concepts=tuple(sorted(concepts - known)),
            files=(file,) if lines else (),
            because="" if lines else NOTHING[side],
        )
        before, known = size, known | concepts
