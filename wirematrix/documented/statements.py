"""What MDN says of a feature in one version of a brand: the support statements that hold there, and the best of them.

A feature may have several statements: full support since one version, partial support before that, a flag before
that. Those that hold in the version count, and of them the one that promises most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wirematrix.documented.model import AT_MOST, PREVIEW, Brand, Feature, Statement
from wirematrix.documented.versions import holds, rank, reached


class Says(StrEnum):
    """What is documented of a feature in a version."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    FLAG = "behind a flag"
    RENAMED = "under another name"
    ABSENT = "not supported"
    UNSAID = "not said"
    BEYOND = "newer than the data"


SAYS_MEANS: Final[Mapping[Says, str]] = {
    Says.SUPPORTED: "it is there since the version that is named",
    Says.PARTIAL: "it is there and lacks something, which a note names",
    Says.FLAG: "only where somebody sets a preference or a switch; we set none for it",
    Says.RENAMED: "only with a prefix or under another name",
    Says.ABSENT: "never, not before a later version, not any more, or in nightly builds only",
    Says.UNSAID: "the data says nothing of this brand, or leaves open what holds in this version",
    Says.BEYOND: "the build is newer than every version that the data knows",
}
MOST_FIRST: Final = (Says.SUPPORTED, Says.PARTIAL, Says.FLAG, Says.RENAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is said, in a few words, with the notes and links of the statement that says it."""

    says: Says
    sentence: str
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def said_of(feature: Feature, brand: Brand, key: str, version: str) -> Word:
    """What the data says of a feature in a version of a brand, which `key` names in the feature's support."""
    statements = feature.support.get(key, ())
    if not statements:
        return Word(says=Says.UNSAID, sentence=f"MDN says nothing of {brand.name}")
    if rank(version) > rank(brand.newest):
        last = _said(statements, brand, brand.newest)
        sentence = f"MDN knows {brand.name} up to {brand.newest}; of that it says: {last.sentence}"
        return Word(says=Says.BEYOND, sentence=sentence, notes=last.notes, links=last.links)
    return _said(statements, brand, version)


def said_between(feature: Feature, brand: Brand, key: str, versions: Sequence[str]) -> Word:
    """The same for a build that is known to lie between versions: what is said of all of them, or that it differs."""
    words = [said_of(feature, brand, key, version) for version in versions]
    if len({word.says for word in words}) == 1:
        return words[0]
    each = "; ".join(f"{brand.name} {version}: {word.sentence}" for version, word in zip(versions, words, strict=True))
    return Word(says=Says.UNSAID, sentence=f"it changed just then ({each})")


def _said(statements: Sequence[Statement], brand: Brand, version: str) -> Word:
    holding = [one for one in statements if holds(one, version) is True]
    unsure = [one for one in statements if holds(one, version) is None]
    best = min(holding, key=_promise, default=None)
    if unsure and (best is None or min(map(_promise, unsure)) < _promise(best)):
        told = "; ".join(f"{_kind(one)} {_since(one)}{_until(one)}" for one in unsure)
        return Word(says=Says.UNSAID, sentence=f"left open for {version}: {told}")
    if best is None:
        return Word(
            says=Says.ABSENT,
            sentence=_absence(statements, brand, version),
            notes=tuple(note for one in statements if not one.added for note in one.notes),
            links=tuple(dict.fromkeys(link for one in statements for link in one.links)),
        )
    return Word(says=_kind(best), sentence=_presence(best), notes=best.notes, links=best.links)


def _promise(statement: Statement) -> int:
    return MOST_FIRST.index(_kind(statement))


def _kind(statement: Statement) -> Says:
    """What a statement says where it holds."""
    if statement.flags:
        return Says.FLAG
    if statement.renamed:
        return Says.RENAMED
    return Says.PARTIAL if statement.partial else Says.SUPPORTED


def _presence(statement: Statement) -> str:
    match _kind(statement):
        case Says.FLAG:
            flags = " and ".join(f"{flag.name}={flag.value}" if flag.value else flag.name for flag in statement.flags)
            return f"{_since(statement)} behind {flags}"
        case Says.RENAMED:
            return f"{_since(statement)} as {statement.renamed}"
        case Says.PARTIAL:
            return f"partly {_since(statement)}"
        case _:
            return _since(statement)


def _since(statement: Statement) -> str:
    if statement.added.startswith(AT_MOST):
        return f"since {statement.added.removeprefix(AT_MOST)} at the latest"
    return f"since {statement.added}"


def _until(statement: Statement) -> str:
    return f", removed in {statement.removed}" if statement.removed else ""


def _absence(statements: Sequence[Statement], brand: Brand, version: str) -> str:
    """Why nothing holds: not yet, not any more, in nightly builds, never."""
    gone = [one.removed for one in statements if one.added and reached(one.removed, version)]
    coming = [
        one.added for one in statements if reached(one.added, version) is False and one.added not in ("", PREVIEW)
    ]
    if coming:
        return f"not before {min(coming, key=lambda mark: rank(mark.removeprefix(AT_MOST)))}"
    if any(one.added == PREVIEW for one in statements):
        return f"only in {brand.name} {brand.preview}".rstrip()
    return f"not since {max(gone, key=lambda mark: rank(mark.removeprefix(AT_MOST)))}" if gone else "not supported"
