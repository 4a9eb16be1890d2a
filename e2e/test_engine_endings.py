"""Engines, endings: what the page learns when its connection ends in this way or that, and what becomes of it."""

import pytest

from wirematrix import RawCell, measures, origin

ONE = "data: 1 one\n\n"
CODES = (1000, 1001, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4000)
NEVER_ON_THE_WIRE = (1005, 1006, 1015)  # RFC 6455, section 7.4.1


@pytest.mark.check
@pytest.mark.entries("D01")
async def test_clean_end(cell: RawCell) -> None:
    """The response ends in good order: what does the page learn, and is the stream asked for again?"""
    cell.record(measures.ending(), measures.fate(), measures.noticed_ms())
    cell.serve(origin.streams(ONE, then="finish"))
    await cell.open()
    await cell.outcome()
