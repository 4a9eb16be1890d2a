"""The doors and the environment behind them: what is asked for, and when something is made anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import apt, browsers, doors, environment


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], []),
        (["--require-engines", "-k", "resumes"], []),
        (["--browser", "firefox", "-x", "--browser=webkit"], ["firefox", "webkit"]),
        (["--browser", "chromium", "--browser-channel", "msedge"], None),
        (["--browser-channel=chrome"], None),
        (["--browser"], []),
        (["--browser", "lynx"], []),  # pytest refuses it with a better sentence
    ],
)
def test_selection_decides_which_engines_are_provided(arguments: list[str], wanted: list[str] | None) -> None:
    """Only the engines a selection names are provided, all if it names none, none if it names a channel."""
    assert doors.engines(arguments, browsers.ENGINES) == wanted


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of its own with this Python as its environment's."""
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
    return tmp_path


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_stamp_follows_content(tree: Path, name: str) -> None:
    """The environment is brought up to date when the content of what it is made from changes, not its date."""
    before = environment.stamp()
    (tree / name).touch()
    assert environment.stamp() == before
    (tree / name).write_text("changed", encoding="utf-8")
    assert environment.stamp() != before


def test_environment_does_not_move(tree: Path) -> None:
    """An environment that was made in another place is made anew: its scripts name that place."""
    assert environment.usable(environment.stamp())
    assert not environment.usable(environment.stamp().replace(str(tree), "/somewhere/else"))


def test_environment_without_python_is_made_anew(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment whose Python is gone is not brought up to date but made."""
    monkeypatch.setattr(environment, "PYTHON", tree / "python")
    assert not environment.usable("")


def test_command_for_a_person_has_sudo_unless_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one command can be typed as it stands, by root and by anybody else."""
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    assert apt.by_hand("xvfb", "chromium") == "apt-get install -y --no-install-recommends xvfb chromium"
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    assert apt.by_hand("xvfb") == "sudo apt-get install -y --no-install-recommends xvfb"
