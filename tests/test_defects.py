"""The seeded defects of `make prove`: each still has a place in today's code, so none is disarmed unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_browser.defects import DEFECTS, Defect, copy_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_each_defect_finds_its_place(defect: Defect, tmp_path: Path) -> None:
    """The text that a defect replaces stands exactly once in its file, and the file still compiles with the defect."""
    copy = copy_of(ROOT, tmp_path / "copy")
    defect.seed(copy)
    seeded = copy / defect.file
    if seeded.suffix == ".py":
        compile(seeded.read_text(encoding="utf-8"), defect.file, "exec")
