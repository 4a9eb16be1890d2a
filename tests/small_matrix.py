"""A matrix small enough to read, and what may stand behind it; used by the tests of matrix.yaml's reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirematrix.errors import InvalidInput
from wirematrix.matrix import load

BASE = """\
engines:
  - {name: chromium, required: true}
  - {name: webkit, required: true}
  - {name: chrome, required: false}
transports: [eventsource, websocket]
networks:
  direct: {title: nothing is in the way, kind: direct}
  close: {title: an orderly end, kind: close}
scenarios:
  opens: {networks: direct}
  reopens:
    networks: [close, direct]
    transports: websocket
"""
EXCLUSION = """\
exclusions:
  - cells: {engine: webkit, network: close}
    because: it has no meaning
"""
EXPECTATION = """\
expectations:
  - cells: {scenario: opens, engine: webkit}
    status: [fail, timeout]
    because: it was observed
    see: docs/observed.md
"""


def write(folder: Path, text: str) -> Path:
    """The text as a file named matrix.yaml."""
    file = folder / "matrix.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistake_in(file: Path) -> str:
    """How `load` complains, without the folder."""
    with pytest.raises(InvalidInput) as refusal:
        load(file)
    return str(refusal.value).replace(f"{file.parent}/", "")
