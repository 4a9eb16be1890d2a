"""The picture at the top of the README: an excerpt of a real report, in the light colours, 1280 pixels wide.

    python tools/picture.py results/run.json [-o docs/matrix.png] [--group reconnect]

The run files are rendered as `wirematrix report` renders them and photographed by Chromium. What is left out is
left out by hiding it; no number and no colour is changed. Fails if the picture is larger than a README should load.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wirematrix.engines import launched, playwright_driver
from wirematrix.report import write_report
from wirematrix.runfile import load

WIDTH = 1280
LARGEST_BYTES = 250_000
TALLEST = 4000
# Keeps the headline, the heads of the columns and one group of scenarios; answers where the last row ends.
EXCERPT = """group => {
  const keep = new Set();
  let inside = false;
  for (const body of document.querySelectorAll(".grid tbody")) {
    if (body.classList.contains("group")) inside = body.querySelector("b").textContent.toLowerCase() === group;
    if (inside) keep.add(body);
    else body.hidden = true;
  }
  if (keep.size === 0) return 0;
  for (const other of document.querySelectorAll("nav, form, caption, #matrix > h2")) other.style.display = "none";
  for (const other of document.querySelector("main").parentElement.children) {
    if (!["HEADER", "MAIN", "SCRIPT", "STYLE"].includes(other.tagName)) other.style.display = "none";
  }
  document.body.style.paddingTop = "16px";
  document.querySelector("main").style.margin = "0";
  document.querySelector("#matrix").style.margin = "0";
  return Math.ceil(document.querySelector(".grid table").getBoundingClientRect().bottom + scrollY) + 16;
}"""


def main(arguments: list[str]) -> int:
    """Render, photograph, weigh."""
    parser = argparse.ArgumentParser(description="Photograph a group of the report for the README.")
    parser.add_argument("runs", nargs="+", type=Path, help="run files")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "matrix.png", help="the picture")
    parser.add_argument("--group", default="reconnect", help="which scenarios to show (%(default)s)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "matrix.html"
        write_report([load(file) for file in asked.runs], report)
        asyncio.run(photograph(report, asked.output, asked.group))
    size = asked.output.stat().st_size
    print(f"{asked.output}: {size:,} bytes")
    return 0 if size <= LARGEST_BYTES else 1


async def photograph(report: Path, picture: Path, group: str) -> None:
    """Open the report in Chromium and keep the part of it that the README shows."""
    async with playwright_driver() as playwright, launched(playwright, "chromium") as engine:
        page = (await engine.new_page()).page
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await page.set_viewport_size({"width": WIDTH, "height": TALLEST})
        await page.goto(report.resolve().as_uri())
        height = await page.evaluate(EXCERPT, group)
        if not height:
            sys.exit(f"--group: the report has no scenarios of the group {group!r}")
        await page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
