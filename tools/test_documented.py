"""The script that takes the documentation: from a package and nothing else, and nothing of it is taken on trust."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tools import documented
from wirematrix.documented import questions
from wirematrix.documented.model import Flag, Statement
from wirematrix.errors import InvalidInput

RELEASES: Final = {
    "10": {"status": "current", "release_date": "2026-02-01"},
    "9": {"status": "retired", "release_date": "2026-01-01"},
    "11": {"status": "planned"},
}
BROWSER: Final = {"name": "Chrome", "preview_name": "Canary", "releases": RELEASES}


def package_content(support: Mapping[str, Any], path: str = "api.Thing") -> dict[str, Any]:
    """The data of a package that says this of one feature."""
    feature = {
        "__compat": {
            "description": "<code>Thing()</code> &amp; more",
            "mdn_url": "https://developer.mozilla.org/docs/Web/API/Thing",
            "spec_url": "https://example.org/#thing",
            "support": support,
            "status": {"experimental": False, "standard_track": True, "deprecated": False},
        }
    }
    whole: dict[str, Any] = {
        "__meta": {"version": "8.1.9", "timestamp": "2026-11-12T14:10:29.391Z"},
        "browsers": dict.fromkeys(("chrome", "edge", "firefox", "safari"), BROWSER),
    }
    here = whole
    for part in path.split("."):
        here = here.setdefault(part, {})
    here.update(feature)
    return whole


def packed(file: Path, members: Mapping[str, Any]) -> Path:
    """A package of these members, each written as JSON."""
    with tarfile.open(file, "w:gz") as archive:
        for name, content in members.items():
            text = json.dumps(content).encode()
            about = tarfile.TarInfo(name)
            about.size = len(text)
            archive.addfile(about, io.BytesIO(text))
    return file


def test_statements_are_taken_as_they_are() -> None:
    """One statement or several, false for never, flags, notes as text, links: all of it, and only of our brands."""
    support = {
        "chrome": [
            {"version_added": "9", "notes": ["<b>one</b>", "two"], "impl_url": "https://crbug.com/1"},
            {"version_added": "≤7", "version_removed": "9", "version_last": "8", "partial_implementation": True},
        ],
        "firefox": {"version_added": "preview", "flags": [{"type": "preference", "name": "a", "value_to_set": "true"}]},
        "safari": {"version_added": False},
        "opera": {"version_added": "1"},
    }
    found = documented.taken(package_content(support), ["api.Thing"], license_="CC0-1.0")
    feature = found.features["api.Thing"]
    assert feature.title == "Thing() & more"
    assert feature.spec_urls == ("https://example.org/#thing",)
    assert feature.support == {
        "chrome": (
            Statement(added="9", notes=("one", "two"), links=("https://crbug.com/1",)),
            Statement(added="≤7", removed="9", partial=True),
        ),
        "firefox": (Statement(added="preview", flags=(Flag(name="a", value="true"),)),),
        "safari": (Statement(added=""),),
    }


def test_releases_stand_in_order_of_their_numbers() -> None:
    """The oldest first, with its date where there is one; which was current is kept."""
    brand = documented.taken(package_content({}), ["api.Thing"], license_="CC0-1.0").brands["chrome"]
    assert brand.releases == {"9": "2026-01-01", "10": "2026-02-01", "11": ""}
    assert list(brand.releases) == ["9", "10", "11"]
    assert (brand.current, brand.newest) == ("10", "11")


@pytest.mark.parametrize(
    ("support", "complaint"),
    [
        (
            {"chrome": "mirror"},
            "api.Thing, chrome: got 'mirror'; expected a statement, as the published package has it",
        ),
        (
            {"chrome": {"version_added": None}},
            "api.Thing, chrome: version_added: got None; expected a version, or false",
        ),
        (
            {"chrome": {"version_added": True}},
            "api.Thing, chrome: version_added: got True; expected a version, or false",
        ),
    ],
)
def test_what_is_no_statement_is_refused(support: Mapping[str, Any], complaint: str) -> None:
    """The sources' "mirror", and what once meant "somehow", is not read as a version or as never."""
    with pytest.raises(InvalidInput) as refusal:
        documented.taken(package_content(support), ["api.Thing"], license_="CC0-1.0")
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("api.Other", "feature api.Other: the data has no 'Other' there"),
        ("api", "feature api: the data says nothing of it"),
        ("api.Thing.__compat.description.x", "has no 'x' there"),
    ],
)
def test_a_feature_that_is_not_there_is_named(path: str, complaint: str) -> None:
    """A question about something that MDN does not have is a mistake of ours, and is said."""
    with pytest.raises(InvalidInput) as refusal:
        documented.taken(package_content({}), [path], license_="CC0-1.0")
    assert complaint in str(refusal.value)


@pytest.fixture
def whole_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that has every feature we ask for, and a file to write to."""
    monkeypatch.setattr(documented, "TARGET", tmp_path / "documented.json")
    monkeypatch.setattr(documented, "ROOT", tmp_path)
    whole = package_content({"chrome": {"version_added": "9"}})
    for question in questions().all:
        here = whole
        for part in question.feature.split("."):
            here = here.setdefault(part, {})
        here["__compat"] = {"support": {"chrome": {"version_added": "9"}}}
    manifest = {"name": "@mdn/browser-compat-data", "license": "CC0-1.0"}
    return packed(tmp_path / "package.tgz", {"package/data.json": whole, "package/package.json": manifest})


def test_the_file_is_written_and_checked(whole_package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` writes nothing and ends with 1 while something would change; after writing it ends with 0."""
    words = ["--package", str(whole_package)]
    assert documented.main([*words, "--check"]) == 1
    assert not documented.TARGET.exists()
    assert documented.main(words) == 0
    assert "documented.json: " in capsys.readouterr().out
    assert documented.main([*words, "--check"]) == 0


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({}, "has no package/data.json"),
        ({"package/data.json": {}, "package/package.json": {"name": "left-pad"}}, "is 'left-pad'"),
    ],
)
def test_another_package_is_refused(
    members: Mapping[str, Any], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not the package is a sentence and exit status 2."""
    assert documented.main(["--package", str(packed(tmp_path / "other.tgz", members))]) == 2
    assert complaint in capsys.readouterr().err


def test_a_file_that_is_no_package_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a missing file nor one of another kind is a traceback."""
    (tmp_path / "text.tgz").write_text("no archive")
    for name in ("text.tgz", "missing.tgz"):
        assert documented.main(["--package", str(tmp_path / name)]) == 2
        assert "cannot be read" in capsys.readouterr().err


def test_without_npm_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where npm is missing, the option for a fetched package is named."""
    monkeypatch.setenv("PATH", "")
    assert documented.main([]) == 2
    assert "npm: is not there; expected npm, or --package" in capsys.readouterr().err
