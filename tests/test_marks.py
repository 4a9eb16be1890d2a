"""Marks read from source: what the reader says of this project's scenarios is what pytest says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from wirematrix.marks import marked

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = """
import pytest

@pytest.mark.soak
async def test_lasts(cell): ...

@pytest.mark.check
@pytest.mark.soak()
def test_lasts_longer(cell): ...

@pytest.mark.check
async def test_soak(cell): ...

async def test_plain(cell):
    pytest.mark.soak

@pytest.mark.soak
def helps(): ...
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (SOURCE, {"lasts", "lasts_longer"}),
        ("pytestmark = pytest.mark.soak\n" + SOURCE, {"lasts", "lasts_longer", "soak", "plain"}),
        ("pytestmark = [pytest.mark.check, pytest.mark.soak]\ndef test_one(cell): ...", {"one"}),
        ("pytestmark = pytest.mark.check\ndef test_one(cell): ...", set()),
        ("", set()),
    ],
)
def test_who_carries_a_mark(tmp_path: Path, source: str, names: set[str]) -> None:
    """A decorator or the module's own mark counts, called or not; other uses and other functions do not."""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    assert marked(tmp_path, "soak") == names


def read(file: Path) -> ModuleType:
    """A module that was run and is not registered: other tests have projects with files of the same names."""
    spec = importlib.util.spec_from_file_location(f"read_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("mark", ["soak", "check", "recommended", "own_engine"])
def test_the_reader_agrees_with_pytest(mark: str) -> None:
    """For every scenario of this project the source says what the imported function says."""
    found = set()
    for file in sorted((ROOT / "e2e").glob("test_*.py")):
        module = read(file)
        whole = getattr(module, "pytestmark", [])
        shared = whole if isinstance(whole, list) else [whole]
        for name, function in vars(module).items():
            if name.startswith("test_") and any(
                one.name == mark for one in [*shared, *getattr(function, "pytestmark", [])]
            ):
                found.add(name.removeprefix("test_"))
    assert marked(ROOT / "e2e", mark) == found
