"""axe-core in a page: what it finds wrong, one line a finding.

The library is brought in by the protocol, because the report's policy lets no script in, and piece by piece, because
WebKitGTK's inspector ends a connection over a message of 128 KiB (libsoup's limit). `eval` is the protocol's, too: in
a page of its own accord the policy forbids it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

PIECE: Final = 60_000  # characters; in UTF-8 and JSON they grow
CONTRAST: Final = ("color-contrast", "link-in-text-block")  # the rules that colours can break
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")  # all rules but the best practices
RUN: Final = """
async ([only, without]) => {
  const options = {
    resultTypes: ["violations"],
    ...(only.length ? {runOnly: only} : {}),
    rules: Object.fromEntries(without.map((rule) => [rule, {enabled: false}])),
  };
  // In WebKitGTK what is not laid out yet has places that are not its own, and axe takes them for overlaps.
  for (const part of document.querySelectorAll("main > section, .of-row")) part.style.contentVisibility = "visible";
  return (await axe.run(document, options)).violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.map(({html, failureSummary}) => `${html.slice(0, 160)} -- ${failureSummary}`),
  }));
}
"""


def findings(page: Page, *only: str, without: Collection[str] = ()) -> list[str]:
    """What axe finds in a page as it stands, by all rules, best practices among them; or `only` by some (names or tags)."""
    if not page.evaluate("'axe' in window"):
        page.evaluate("void (window.pieces = [])")
        for start in range(0, len(AXE_SCRIPT), PIECE):
            page.evaluate("piece => void pieces.push(piece)", AXE_SCRIPT[start : start + PIECE])
        page.evaluate("void (0, eval)(pieces.join(''))")
    return [line for violation in page.evaluate(RUN, [list(only), list(without)]) for line in told(violation)]


def told(violation: dict[str, Any]) -> list[str]:
    """One rule's finding: its name, and the places."""
    return [f"{violation['id']}: {violation['help']}: {' '.join(place.split())}" for place in violation["nodes"]]
