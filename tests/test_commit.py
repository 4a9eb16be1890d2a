"""Which commit a run file names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from wirematrix.runbook import commit_of


def test_a_checkout_says_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git is believed, whatever GitHub says: twelve digits, and a word if something was changed."""
    monkeypatch.setenv("GITHUB_SHA", "f" * 40)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "somebody")
    (tmp_path / "file").write_text("one")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert re.fullmatch("(?!f{12})[0-9a-f]{12}", commit_of(tmp_path))
    (tmp_path / "file").write_text("two")
    assert commit_of(tmp_path).endswith("-dirty")


def test_without_git_github_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container without git, whose run file is merged with the others, the commit is the workflow's."""
    monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef" * 2)
    assert commit_of(tmp_path) == "0123456789ab"
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) == "0123456789ab"
    monkeypatch.delenv("GITHUB_SHA")
    assert commit_of(tmp_path) == "unknown"
