"""JSON lines between a process of ours and whoever started it: the side of the process.

A command is `{"id": 1, "do": "open", ...}`; its answer has the same `id` and either `said` or `error`, a sentence.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 1 << 26  # bytes of one line


async def standard_input() -> asyncio.StreamReader:
    """Standard input, line by line, without blocking."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def command(line: bytes | str) -> tuple[int, str, Mapping[str, Any]]:
    """Number, verb and the rest of a command."""
    words = json.loads(line)
    return words.pop("id"), words.pop("do"), words


def answer(number: int, *, said: object = None, error: str = "") -> None:
    """Answer a command."""
    spoken = {"id": number, "error": error} if error else {"id": number, "said": said}
    sys.stdout.write(json.dumps(spoken, separators=(",", ":")) + "\n")
    sys.stdout.flush()
