"""The page's files agree with each other: what no engine would say before somebody opens the page by hand."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
MODULES = sorted(STATIC.rglob("*.js"))
VOID = {"br", "hr", "img", "input", "link", "meta", "path", "rect", "circle"}


class Page(HTMLParser):
    """The elements of probe.html: their attributes, and the elements around each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed((STATIC / "probe.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def ids(self) -> list[str]:
        """Every id, in order."""
        return [str(attributes["id"]) for _, attributes, _ in self.elements if "id" in attributes]


@pytest.fixture(scope="module", name="markup")
def _markup() -> Page:
    return Page()


@pytest.mark.parametrize("module", MODULES, ids=[str(module.relative_to(STATIC)) for module in MODULES])
def test_imports_lead_to_files(module: Path) -> None:
    """Each import of each module names a file that is there, by a relative path, as a server would resolve it."""
    text = module.read_text(encoding="utf-8")
    for wanted in re.findall(r'(?:\bfrom |\bimport\()"([^"]+)"', text):
        assert wanted.startswith("."), f"{wanted}: a bare name needs a build step"
        assert (module.parent / wanted).is_file(), f"{module.name} imports {wanted}"


def test_a_driven_page_loads_no_more_than_the_probe() -> None:
    """Nothing of the page for people is imported statically by what a driven page loads."""
    loaded: list[Path] = [STATIC / "probe.js"]
    for module in loaded:
        for wanted in re.findall(r'^import [^;]* from "([^"]+)";', module.read_text("utf-8"), re.MULTILINE):
            imported = (module.parent / wanted).resolve()
            if imported not in loaded:
                loaded.append(imported)
    names = {str(module.relative_to(STATIC)) for module in loaded}
    assert not [name for name in names if name.startswith("hand")]
    others = [str(module.relative_to(STATIC)) for module in MODULES]
    assert names == {name for name in others if not name.startswith(("hand", "raw"))}


def test_nothing_inline(markup: Page) -> None:
    """Scripts and styles are files and handlers are attached by modules, so the policy can forbid the rest."""
    assert "script" not in markup.texts
    assert not [tag for tag, _, _ in markup.elements if tag == "style"]
    for tag, attributes, _ in markup.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag


def test_the_policy_allows_no_foreign_code(markup: Page) -> None:
    """default-src is 'self', nothing unsafe, and connections may go to loopback addresses besides."""
    [policy] = [
        str(attributes["content"])
        for tag, attributes, _ in markup.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    assert directives["default-src"] == ["'self'"]
    assert "unsafe" not in policy
    assert not {"script-src", "style-src"} & directives.keys()
    assert all(re.match(r"'self'|(?:http|ws)://(?:127\.0\.0\.1|localhost):\*$", s) for s in directives["connect-src"])


def test_no_external_asset(markup: Page) -> None:
    """Every address in the page is relative; the icon is empty so that none is asked for."""
    named = [
        str(attributes[name])
        for tag, attributes, _ in markup.elements
        for name in ("src", "href")
        if name in attributes
    ]
    assert sorted(named) == ["data:,", "probe.js"]
    assert "url(" not in (STATIC / "hand.css").read_text(encoding="utf-8")


def test_ids_are_there_once(markup: Page) -> None:
    """Every id is unique, and every id that the page's code or labels ask for exists."""
    ids = markup.ids()
    assert len(ids) == len(set(ids))
    asked = set(re.findall(r"""part\("([\w-]+)"\)""", (STATIC / "hand.js").read_text(encoding="utf-8")))
    for _, attributes, _ in markup.elements:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            asked.update((attributes.get(name) or "").split())
    assert asked <= set(ids)


def test_every_control_has_a_name(markup: Page) -> None:
    """Each field is labelled, by a label around it or by one that names it."""
    labelled = {attributes.get("for") for tag, attributes, _ in markup.elements if tag == "label"}
    for tag, attributes, around in markup.elements:
        if tag in ("input", "select"):
            assert "label" in around or attributes.get("id") in labelled, attributes


def test_every_action_is_known(markup: Page) -> None:
    """Each button that asks for an action asks for one that control.js has."""
    control = (STATIC / "hand" / "control.js").read_text(encoding="utf-8")
    known = set(re.findall(r"^  (\w+): \(", control, re.MULTILINE))
    asked = {attributes["data-action"] for _, attributes, _ in markup.elements if "data-action" in attributes}
    assert asked
    assert asked <= known


def test_text_is_only_ever_text() -> None:
    """No module turns a string into markup or code: what a server sends stays text."""
    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function)\b", text), (
            module
        )
