"""The picture at the top of the README: an excerpt of a real report, in the light colours, 1280 pixels wide.

    python tools/picture.py results/run.json [-o docs/matrix.png] [--group reconnect]

The run files are rendered as `wirematrix report` renders them and photographed by Chromium. What is left out is
left out by hiding it; no number is changed. The 256 commonest colours stay as they are and the others become the
nearest of them, which makes the file a third as large. Fails if it is still larger than a README should load.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import struct
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wirematrix.engines import launched, playwright_driver
from wirematrix.report import write_report
from wirematrix.runfile import load

WIDTH = 1280
COLOURS = 256
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
# A picture as a palette and one index per pixel: [[[red, green, blue], ...], base64 of the indices].
REDUCE = """async ([picture, most]) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = canvas.getImageData(0, 0, image.width, image.height).data;
  const counts = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += 4) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const split = (one) => [one >> 16, (one >> 8) & 255, one & 255];
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, most).map(([one]) => split(one));
  const nearest = new Map();
  for (const one of counts.keys()) {
    const far = palette.map((other) => split(one).reduce((sum, part, at) => sum + (part - other[at]) ** 2, 0));
    nearest.set(one, far.indexOf(Math.min(...far)));
  }
  let text = "";
  for (let at = 0; at < pixels.length; at += 4) text += String.fromCharCode(nearest.get(colour(at)));
  return [palette, btoa(text)];
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
        picture = asyncio.run(photograph(report.resolve().as_uri(), asked.group))
    asked.output.write_bytes(picture)
    size = len(picture)
    print(f"{asked.output}: {size:,} bytes")
    return 0 if size <= LARGEST_BYTES else 1


async def photograph(url: str, group: str) -> bytes:
    """Open the report in Chromium and keep the part of it that the README shows, as a PNG."""
    async with playwright_driver() as playwright, launched(playwright, "chromium") as engine:
        page = (await engine.new_page()).page
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await page.set_viewport_size({"width": WIDTH, "height": TALLEST})
        await page.goto(url)
        height = await page.evaluate(EXCERPT, group)
        if not height:
            sys.exit(f"--group: the report has no scenarios of the group {group!r}")
        taken = await page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        await page.goto("about:blank")  # the report's own policy lets nothing be loaded
        palette, indices = await page.evaluate(REDUCE, [base64.b64encode(taken).decode(), COLOURS])
    return png(palette, base64.b64decode(indices))


def png(palette: list[list[int]], indices: bytes) -> bytes:
    """A PNG with a palette (W3C PNG, colour type 3), one byte a pixel and no filter."""
    rows = [indices[at : at + WIDTH] for at in range(0, len(indices), WIDTH)]
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 3, 0, 0, 0)),
            chunk(b"PLTE", bytes(part for colour in palette for part in colour)),
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)),
            chunk(b"IEND", b""),
        ]
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """Length, kind, content, checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
