"""Takes from `@mdn/browser-compat-data` what MDN says of the features that we observe: wirematrix/documented.json.

    python tools/documented.py                      fetch the newest package with `npm pack`, and write the file
    python tools/documented.py --package FILE.tgz   from a package that was fetched before
    python tools/documented.py --check              write nothing; exit status 1 if something would change

Run by a person, when MDN should be asked again; neither the doors nor the tests need npm. The features are those that
wirematrix/documented/questions.yaml names. The data is in the public domain (CC0-1.0).
"""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wirematrix.documented.model import BRANDS, SCHEMA, Brand, Documentation, Feature, Flag, Statement
from wirematrix.documented.prose import text_of
from wirematrix.documented.questions import questions
from wirematrix.documented.reader import FILE, parse, to_text
from wirematrix.documented.versions import rank
from wirematrix.errors import InvalidInput

PACKAGE = "@mdn/browser-compat-data"
CONTENT = "package/data.json"
MANIFEST = "package/package.json"
MOST_BYTES = 200_000_000  # of the unpacked data; it has a tenth of that
TARGET = ROOT / "wirematrix" / FILE
SHOWN_LINES = 60


def main(words: list[str] | None = None) -> int:
    """Exit status: 0, or 1 if `--check` found a difference, or 2 for what cannot be used."""
    parser = argparse.ArgumentParser(description="what MDN documents of the features we observe")
    parser.add_argument("--package", type=Path, help="a package that was fetched before")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    wanted = parser.parse_args(words)
    try:
        text = to_text(subset_of(wanted.package) if wanted.package else newest())
        parse(text, FILE)  # what is written can be read
    except InvalidInput as mistake:
        print(f"documented: {mistake}", file=sys.stderr)
        return 2
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    changes = list(difflib.unified_diff(old.splitlines(), text.splitlines(), lineterm="", n=0))
    print("\n".join(changes[:SHOWN_LINES]))
    if wanted.check:
        return int(bool(changes))
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"{TARGET.relative_to(ROOT)}: {len(text.encode()):,} bytes")
    return 0


def newest() -> Documentation:
    """The subset of the newest package, fetched by npm into a folder that is gone afterwards."""
    npm = shutil.which("npm")
    if not npm:
        raise InvalidInput("npm", "is not there", expected=f"npm, or --package with a file of {PACKAGE}")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True, check=False
        )
        found = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or not found:
            raise InvalidInput(f"npm pack {PACKAGE}", done.stderr.strip() or "brought nothing", expected="a package")
        return subset_of(found[0])


def subset_of(package: Path) -> Documentation:
    """The subset of a package; InvalidInput says what is wrong with it. Nothing is unpacked to the disk."""
    try:
        with tarfile.open(package) as archive:
            plain, manifest = (_member(archive, name, package) for name in (CONTENT, MANIFEST))
    except (OSError, tarfile.TarError) as error:
        raise InvalidInput(str(package), f"cannot be read: {error}", expected=f"a package of {PACKAGE}") from error
    if manifest.get("name") != PACKAGE:
        raise InvalidInput(str(package), f"is {manifest.get('name')!r}", expected=PACKAGE)
    wanted = tuple(question.feature for question in questions().all)
    return taken(plain, wanted, license_=str(manifest.get("license", "")))


def _member(archive: tarfile.TarFile, name: str, package: Path) -> Any:
    try:
        member = archive.getmember(name)
    except KeyError:
        raise InvalidInput(str(package), f"has no {name}", expected=f"a package of {PACKAGE}") from None
    stream = archive.extractfile(member)
    if stream is None or member.size > MOST_BYTES:
        raise InvalidInput(f"{package}: {name}", "cannot be read", expected=f"a file of at most {MOST_BYTES:,} bytes")
    return json.loads(stream.read())


def taken(plain: Mapping[str, Any], wanted: Iterable[str], *, license_: str) -> Documentation:
    """What the data says of the wanted features in our brands; InvalidInput if it has no such feature."""
    meta = plain["__meta"]
    return Documentation(
        schema=SCHEMA,
        package=PACKAGE,
        version=meta["version"],
        built=meta["timestamp"],
        license=license_,
        brands={key: _brand(plain["browsers"][key]) for key in BRANDS},
        features={path: _feature(path, _found(plain, path)) for path in wanted},
    )


def _found(plain: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    here: Any = plain
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            raise InvalidInput(f"feature {path}", f"the data has no {part!r} there", expected="a path of the data")
        here = here[part]
    if "__compat" not in here:
        raise InvalidInput(f"feature {path}", "the data says nothing of it", expected="a path with a statement")
    statement: Mapping[str, Any] = here["__compat"]
    return statement


def _brand(plain: Mapping[str, Any]) -> Brand:
    releases = plain["releases"]
    current = [version for version, about in releases.items() if about["status"] == "current"]
    return Brand(
        name=plain["name"],
        preview=plain.get("preview_name", ""),
        current=max(current, key=rank, default=""),
        releases={version: releases[version].get("release_date", "") for version in sorted(releases, key=rank)},
    )


def _feature(path: str, plain: Mapping[str, Any]) -> Feature:
    status = plain.get("status", {})
    return Feature(
        title=text_of(plain.get("description", "")),
        mdn_url=plain.get("mdn_url", ""),
        spec_urls=_several(plain.get("spec_url")),
        deprecated=status.get("deprecated", False),
        experimental=status.get("experimental", False),
        standard=status.get("standard_track", False),
        support={
            brand: tuple(_statement(f"{path}, {brand}", one) for one in _listed(plain["support"][brand]))
            for brand in BRANDS
            if plain["support"].get(brand) is not None
        },
    )


def _statement(where: str, plain: Any) -> Statement:
    if not isinstance(plain, Mapping):  # "mirror" is what the sources say; the package says what it mirrors
        raise InvalidInput(where, f"got {plain!r}", expected="a statement, as the published package has it")
    added = plain["version_added"]
    if not isinstance(added, str) and added is not False:  # null and true were once accepted and meant "somehow"
        raise InvalidInput(f"{where}: version_added", f"got {added!r}", expected="a version, or false for never")
    return Statement(
        added=added or "",
        removed=plain.get("version_removed", ""),
        partial=plain.get("partial_implementation", False),
        renamed=plain.get("alternative_name") or plain.get("prefix", ""),
        flags=tuple(Flag(name=one["name"], value=one.get("value_to_set", "")) for one in plain.get("flags", ())),
        notes=tuple(map(text_of, _several(plain.get("notes")))),
        links=_several(plain.get("impl_url")),
    )


def _listed(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else [plain]


def _several(plain: Any) -> tuple[str, ...]:
    """None, a text or several of them."""
    return () if plain is None else (plain,) if isinstance(plain, str) else tuple(plain)


if __name__ == "__main__":
    sys.exit(main())
