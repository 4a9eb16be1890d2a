"""The words of browser-compat-data as frozen values: features, and support statements of brands by version.

A brand is what the data calls a browser: `chrome`, `edge`, `firefox`, `safari`. Texts are plain: markup was taken out
when the subset was made. An empty text stands for what a statement does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = 1
BRANDS: Final = ("chrome", "edge", "firefox", "safari")
PREVIEW: Final = "preview"  # in place of a version: nightly builds only, no release yet
AT_MOST: Final = "≤"  # before a version: in that one or in an earlier one


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A preference or a switch that a person has to set."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that is said of a feature in one brand; it holds from `added` until before `removed`."""

    added: str  # a version, "≤" and a version, "preview", or empty: in no version
    removed: str = ""
    partial: bool = False
    renamed: str = ""  # the other name, or the prefix, under which it is there
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()  # to the bug that tracks the implementation


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of one API, by the path that the data knows it by: `api.EventSource.worker_support`."""

    title: str  # empty where the path's last part is the name
    mdn_url: str
    spec_urls: tuple[str, ...]
    deprecated: bool
    experimental: bool
    standard: bool
    support: Mapping[str, tuple[Statement, ...]]  # by brand, in the data's order: the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A browser and every version of it that the data knows, the oldest first, each with its date or an empty text."""

    name: str
    preview: str  # what its nightly builds are called
    current: str  # the version that was the newest release when the data was built
    releases: Mapping[str, str]

    @property
    def newest(self) -> str:
        """The highest version that the data knows, released or only planned."""
        return list(self.releases)[-1] if self.releases else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The subset: where it is from, and what it says."""

    schema: int
    package: str
    version: str
    built: str  # ISO 8601, UTC
    license: str
    brands: Mapping[str, Brand]
    features: Mapping[str, Feature]
