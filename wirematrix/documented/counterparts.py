"""Which brand and version of MDN's data an engine build is held against, and what people must know of that.

Nothing is guessed: a build whose counterpart is not known is said to have none. Where this departs from the obvious:

1. WebKitGTK names no Safari. Its User-Agent says a higher version on purpose (60.5 since 2.47.3, see
   https://github.com/WebKit/WebKit/commit/33d4afe1c1d9d7cff7afbd0d0458f5218563c456), and its branches are no Safari
   branches. Both are cut from WebKit's main line some weeks before they are released, so a series is held against the
   Safari of the same days and the next one; where MDN says different things of the two, nothing is held.
2. Playwright's WebKit takes its version from the newest Safari at the time
   (https://github.com/microsoft/playwright/pull/39974), and is a build of the main line all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wirematrix.documented.model import Brand, Documentation
from wirematrix.documented.versions import PLAIN, rank
from wirematrix.model import Build

BRAND_OF: Final = {"chromium": "chrome", "chrome": "chrome", "msedge": "edge", "firefox": "firefox", "webkit": "safari"}
GTK: Final = "WebKitGTK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series of WebKitGTK, the day of its first release, and the Safaris around it."""

    number: str
    released: str
    safaris: tuple[str, str]


GTK_SERIES: Final = (
    Series(number="2.46", released="2024-09-17", safaris=("18", "18.1")),
    Series(number="2.48", released="2025-03-14", safaris=("18.4", "18.5")),
    Series(number="2.50", released="2025-09-17", safaris=("26", "26.1")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """What a build is held against: versions of a brand, one or several between which it lies; none if not known."""

    brand: str  # its key in the data; empty if the data knows no such browser
    name: str
    versions: tuple[str, ...]
    note: str  # what this build is not; empty where it is what MDN documents
    port: bool = False  # whether another product than the documented one is held against it

    @property
    def label(self) -> str:
        """The words `Safari 26 to 26.1`."""
        return f"{self.name} {' to '.join(self.versions)}".strip()


def counterpart(build: Build, found: Documentation) -> Counterpart:
    """What a build is held against."""
    key = BRAND_OF.get(build.engine, "")
    brand = found.brands.get(key)
    if brand is None:
        return Counterpart(brand="", name="", versions=(), note=f"MDN's data knows no {build.product}")
    if build.engine == "webkit":
        return _webkit(build, brand, key)
    major = build.version.partition(".")[0]
    return Counterpart(
        brand=key,
        name=brand.name,
        versions=(major,) if PLAIN.fullmatch(major) else (),
        note=_note(build, brand) if PLAIN.fullmatch(major) else f"its version {build.version!r} is no number",
        port=False,
    )


def _note(build: Build, brand: Brand) -> str:
    if build.origin == "playwright":
        return f"Playwright's own build; MDN documents {brand.name}"
    if build.engine == "chromium":
        return f"the open part of {brand.name}, which is what MDN documents"
    if "ESR" in build.product:
        return f"an ESR keeps to the features of its number; MDN documents the {brand.name} of that number"
    return ""


def _webkit(build: Build, brand: Brand, key: str) -> Counterpart:
    not_it = f"MDN documents {brand.name}, not this port"
    if build.product == GTK:
        number = ".".join(build.version.split(".")[:2])
        series = next((each for each in GTK_SERIES if each.number == number), None)
        if series is None:
            note = f"{not_it}; which {brand.name} {GTK} {number} is near to is not known here"
            return Counterpart(brand=key, name=brand.name, versions=(), note=note, port=True)
        note = (
            f"{not_it}; {GTK} {number} came out on {series.released}, in the days of {brand.name} {series.safaris[0]}"
        )
        return Counterpart(brand=key, name=brand.name, versions=series.safaris, note=note, port=True)
    if not PLAIN.fullmatch(build.version):
        note = f"{not_it}; its version {build.version!r} is no number"
        return Counterpart(brand=key, name=brand.name, versions=(), note=note, port=True)
    version = ".".join(map(str, rank(build.version)))
    note = f"{not_it}: a build of WebKit's main line that Playwright dates to {brand.name} {version}"
    return Counterpart(brand=key, name=brand.name, versions=(version,), note=note, port=True)
