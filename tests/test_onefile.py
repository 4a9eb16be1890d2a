"""Scripts in one file: the same code, run by the JavaScript engine that Playwright brings along."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
from playwright._impl._driver import compute_driver_executable

from wirematrix.onefile import in_one_file, put_in_one_file

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
PAGE: Final = '<!doctype html>\n<script type="module" src="code/main.js"></script>\n'
FILES: Final = {
    "page.html": PAGE,
    "code/frame.html": PAGE,
    "code/main.js": """import { add, count as times } from "./sums.js";
import * as words from "../words.js";
import {
  log,
} from "./log.js";

log.push(add(1, 2), words.greet("you"), times(), import.meta.url, words.here);
const { late } = await import("./late.js");
console.log(JSON.stringify([...log, late, (await words.later()).late, typeof greet, typeof told]));
""",
    "code/sums.js": """import { log } from "./log.js";
const told = "not exported";
export const add = (a, b) => { log.push(told); return a + b; };
export async function never() {
  await null; // within a function it may
}
export function count() { return log.length; }
export class Sum {}
""",
    "code/log.js": "export const log = [];\n",
    "code/late.js": 'export const late = "late";\n',
    "words.js": """export const greet = (who) => `hello ${who}`;
export const here = import.meta.url;
export const later = () => import("./code/late.js");
""",
}
MAIN: Final = "code/main.js"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with a page and the modules that it loads."""
    folder = tmp_path / "written"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def said_by(script: Path) -> list[object]:
    """What a script prints."""
    script.parent.parent.joinpath("package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        [compute_driver_executable()[0], script], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    said: list[object] = json.loads(done.stdout)
    return said


def test_one_file_does_what_the_modules_did(written: Path) -> None:
    """Imports under other names, shared state, what is not exported, addresses and later imports: all as before."""
    main = written / MAIN
    before = said_by(main)
    assert before[:3] == ["not exported", 3, "hello you"]
    main.write_text(in_one_file(main, written))
    assert not re.search(r"^import\b", main.read_text(), re.MULTILINE)
    assert said_by(main) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("code/sums.js", 'export default 1;\nimport { log } from "./log.js";\n'),
        ("code/sums.js", 'import "./log.js";\n'),
        ("code/sums.js", "const a = 1;\nexport { a };\n"),
        ("code/log.js", "await 1;\nexport const log = [];\n"),
        ("code/log.js", 'import { add } from "./sums.js";\nexport const log = [];\n'),
        ("code/log.js", 'import { add } from "../../sums.js";\nexport const log = [];\n'),
        ("code/log.js", 'import { add } from "./missing.js";\nexport const log = [];\n'),
    ],
    ids=["default", "for its effect", "list", "await", "circle", "outside", "missing"],
)
def test_other_forms_are_left_alone(written: Path, name: str, text: str) -> None:
    """A script that could be changed in its meaning is served as it is."""
    (written / name).write_text(text)
    assert in_one_file(written / MAIN, written) == FILES[MAIN]


def test_copy_has_everything(written: Path, tmp_path: Path) -> None:
    """All files are there, those that workers and later imports ask for, too; only scripts of pages change."""
    copy = tmp_path / "copy"
    put_in_one_file(written, copy)
    copied = {name: (copy / name).read_text() for name in FILES}
    assert copied == {**FILES, MAIN: in_one_file(written / MAIN, written)}
    assert copied[MAIN] != FILES[MAIN]
    put_in_one_file(tmp_path / "nothing", tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("html", [pytest.param("<p>no script</p>", id="none"), pytest.param(PAGE, id="missing")])
def test_page_without_a_script_of_ours(tmp_path: Path, html: str) -> None:
    """A page that loads nothing, or a script that is not there, is copied as it is."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/page.html").write_text(html)
    put_in_one_file(tmp_path / "pages", tmp_path / "copy")
    assert [file.read_text() for file in (tmp_path / "copy").iterdir()] == [html]


@pytest.mark.parametrize("script", ["probe.js", "raw/page.js"])
def test_our_own_scripts_are_put_in_one_file(script: str) -> None:
    """Whoever writes a form of import into them that is not understood hears of it here, not by a slower run."""
    assert re.search(r"^import ", (STATIC / script).read_text(), re.MULTILINE)
    assert not re.search(r"^(import|export) ", in_one_file(STATIC / script, STATIC), re.MULTILINE)
