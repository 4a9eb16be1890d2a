"""Which engine build of new runs stands for which of the baseline: engines move on, and their cells stay comparable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wirematrix.model import Build


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """Pairs of build keys, new to old, and a sentence for each build that is not the same on both sides."""

    of: Mapping[str, str] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()


def counterparts(base: Mapping[str, Build], new: Mapping[str, Build]) -> Counterparts:
    """Pair the builds of two gatherings, each by its key.

    The same build on both sides is a pair. Whatever is left pairs with the baseline's build of the same engine and
    origin on the same system, or on another release of it; of several with the one of the same product, else with the
    last. A build pairs once.
    """
    pairs = {key: key for key in new if key in base}
    for alike in (_same_product, _same_system, _same_family):
        for key, build in new.items():
            left = [other for other in base if other not in pairs.values() and alike(base[other], build)]
            if key not in pairs and left:
                pairs[key] = left[-1]
    ordered = {key: pairs[key] for key in new if key in pairs}
    return Counterparts(of=ordered, sentences=tuple(_sentences(base, new, ordered)))


def named(build: Build) -> str:
    """`Firefox ESR 153.7.0 (system, Debian GNU/Linux 12)`; an engine without a build has only its name."""
    return f"{f'{build.product} {build.version}'.strip()} ({build.origin}, {build.system})"


def _same_product(one: Build, other: Build) -> bool:
    return _same_system(one, other) and one.product == other.product


def _same_system(one: Build, other: Build) -> bool:
    return _same_family(one, other) and one.system == other.system


def _same_family(one: Build, other: Build) -> bool:
    return (one.engine, one.origin, _family(one)) == (other.engine, other.origin, _family(other))


def _family(build: Build) -> str:
    """The system without its release: "Ubuntu", "macOS", "Windows"."""
    return build.system.partition(" ")[0]


def _sentences(base: Mapping[str, Build], new: Mapping[str, Build], pairs: Mapping[str, str]) -> Iterable[str]:
    for key, other in pairs.items():
        if key != other:
            yield f"{new[key].engine} is {named(new[key])} now, and was {named(base[other])}"
    for key, build in new.items():
        if key not in pairs:
            yield f"{build.engine} {named(build)} is not in the baseline: its cells are compared with nothing"
    for key, build in base.items():
        if key not in pairs.values():
            yield f"{build.engine} {named(build)} of the baseline is not in the new runs"
