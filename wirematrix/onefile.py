"""Scripts in one file: what a page loads as modules is written into its script, because requests cost the engine CPU.

Ten small modules cost Chromium and Firefox some 80 ms of CPU for every page that a cell loads, a quarter of the whole
page (measured; each cell is an origin of its own, so nothing is in a cache). The code stays the same: a module becomes
a function that is called once and gives its exports, imports become names from it. Nothing is awaited: `load` waits for
a script that runs, not for one that awaits.

Only the forms of import and export that our own pages use are understood. A script with any other is left as it is.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGES: Final = "*.html"
SCRIPT: Final = re.compile(r'<script type="module" src="(?P<source>[^":]+)"></script>')
IMPORT: Final = re.compile(
    r'^import (?:\* as (?P<all>\w+)|(?P<some>\{[^}]*\})) from "(?P<source>[^"]+)";$', re.MULTILINE
)
EXPORT: Final = re.compile(r"^export (?=(?:const|class|function|async function) (?P<name>\w+))", re.MULTILINE)
OTHER_FORM: Final = re.compile(r"^(?:import|export)\b(?! *\()", re.MULTILINE)
AWAIT: Final = re.compile(r"^(?![\s/*]).*\bawait\b", re.MULTILINE)  # outside any function, as far as layout tells
HERE: Final = "import.meta.url"
LATER: Final = re.compile(r'\bimport\((?P<source>"[^"]+")\)')
RENAMED: Final = re.compile(r"(\w+) as (\w+)")


class _OtherFormError(Exception):
    """A module in a form that is not understood here."""


def put_in_one_file(pages: Path, copy: Path) -> None:
    """Copy a folder of pages, the scripts of those at its top each in one file where that can be done.

    Does nothing if the folder is not there. Modules stay where they are, too: workers and later imports ask for them.
    """
    if not pages.is_dir():
        return
    shutil.copytree(pages, copy, dirs_exist_ok=True)
    for page in sorted(pages.glob(PAGES)):
        for found in SCRIPT.finditer(page.read_text(encoding="utf-8")):
            entry = pages / found["source"]
            if entry.is_file():
                (copy / found["source"]).write_text(in_one_file(entry, pages), encoding="utf-8")


def in_one_file(entry: Path, root: Path) -> str:
    """A script with all that it imports from below `root` in it; as it is if it has another form."""
    try:
        return "\n".join(_in_order(entry.resolve(), root.resolve(), {}, ()))
    except (_OtherFormError, OSError):
        return entry.read_text(encoding="utf-8")


def _in_order(file: Path, root: Path, names: dict[Path, str], above: tuple[Path, ...]) -> Iterator[str]:
    """A module's code behind that of all it imports, each once; the one with nothing above it is not wrapped."""
    text = file.read_text(encoding="utf-8")
    for found in IMPORT.finditer(text):
        needed = (file.parent / found["source"]).resolve()
        if needed in (file, *above) or not needed.is_relative_to(root):
            raise _OtherFormError
        if needed not in names:
            yield from _in_order(needed, root, names, (*above, file))

    def taken(found: re.Match[str]) -> str:
        what = found["all"] or RENAMED.sub(r"\1: \2", found["some"])
        return f"const {what} = {names[(file.parent / found['source']).resolve()]};"

    exported = ", ".join(found["name"] for found in EXPORT.finditer(text))
    code = EXPORT.sub("", IMPORT.sub(taken, text))
    if OTHER_FORM.search(code) or (above and AWAIT.search(code)):
        raise _OtherFormError
    if above:
        place = Path(os.path.relpath(file, above[0].parent)).as_posix()
        here = f'new URL("{place}", {HERE}).href'
        code = LATER.sub(lambda found: f"import(new URL({found['source']}, {HERE}))", code).replace(HERE, here)
        names[file] = f"module{len(names)}"
        code = f"const {names[file]} = (() => {{\n{code}return {{ {exported} }};\n}})();"
    yield code
