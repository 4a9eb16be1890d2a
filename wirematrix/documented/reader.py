"""`wirematrix/documented.json`: the subset of browser-compat-data as a small file, one statement a line.

What a statement does not say is left out of the file, so that a difference between two versions shows what MDN changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from wirematrix import codec
from wirematrix.documented.model import SCHEMA, Documentation, Feature, Flag, Statement
from wirematrix.documented.versions import PLAIN, WRITTEN, rank
from wirematrix.errors import InvalidInput

FILE: Final = "documented.json"


@cache
def documentation() -> Documentation:
    """The subset that this version of the program carries."""
    return parse((files("wirematrix") / FILE).read_text(encoding="utf-8"), FILE)


def parse(text: str, where: str) -> Documentation:
    """The subset that a text holds; InvalidInput names the way to what cannot be used."""
    plain = codec.from_json(text, where)
    if isinstance(plain, dict) and type(plain.get("schema")) is int and plain["schema"] != SCHEMA:
        problem = f"has version {plain['schema']}"
        raise InvalidInput(f"{where}: schema", problem, expected=f"version {SCHEMA}, the one this program reads")
    found = codec.decode(Documentation, _completed(plain), where)
    _check(found, where)
    return found


def to_text(found: Documentation) -> str:
    """The file's text: the same subset always gives the same."""
    plain = codec.encode(found)
    features = plain.pop("features")
    brands = plain.pop("brands")
    head = ",\n".join(f'"{key}": {_spelled(value)}' for key, value in plain.items())
    about = ",\n".join(f'"{key}": {_spelled(value)}' for key, value in brands.items())
    body = ",\n".join(f'"{key}": {"".join(_feature(value))}' for key, value in features.items())
    return f'{{{head},\n"brands": {{\n{about}\n}},\n"features": {{\n{body}\n}}}}\n'


def _feature(plain: dict[str, Any]) -> Iterator[str]:
    support = plain.pop("support")
    yield f'{_spelled(plain)[:-1]}, "support": {{\n'
    lines = (f'  "{brand}": {_spelled([_said(one) for one in said])}' for brand, said in support.items())
    yield ",\n".join(lines)
    yield "}}"


def _said(statement: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement says, without what it leaves at its default."""
    defaults = _defaults(Statement)
    said = {key: value for key, value in statement.items() if key not in defaults or value not in (defaults[key], [])}
    if "flags" in said:
        said["flags"] = [{key: value for key, value in flag.items() if value} for flag in said["flags"]]
    return said


def _completed(plain: Any) -> Any:
    """The same JSON with the defaults that the file leaves out; what is of another shape is left to the decoder."""
    match plain:
        case {"features": dict() as features}:
            return {**plain, "features": {key: _with_defaults(value) for key, value in features.items()}}
    return plain


def _with_defaults(feature: Any) -> Any:
    match feature:
        case {"support": dict() as support}:
            return {**feature, "support": {brand: _all_completed(said) for brand, said in support.items()}}
    return feature


def _all_completed(statements: Any) -> Any:
    return [_statement(one) for one in statements] if isinstance(statements, list) else statements


def _statement(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    whole = {**_defaults(Statement), **plain}
    if isinstance(whole["flags"], list):
        whole["flags"] = [{**_defaults(Flag), **one} if isinstance(one, dict) else one for one in whole["flags"]]
    return whole


def _defaults(kind: type[Statement | Flag]) -> dict[str, Any]:
    """What a field holds that the file does not mention, as JSON has it."""
    own = ((each.name, each.default) for each in fields(kind) if each.default is not MISSING)
    return {name: list(default) if isinstance(default, tuple) else default for name, default in own}


def _check(found: Documentation, where: str) -> None:
    """Versions are versions, releases stand in order, and no feature speaks of an unknown brand."""
    for key, brand in found.brands.items():
        _check_releases(f"{where}: brands.{key}.releases", tuple(brand.releases))
    for path, feature in found.features.items():
        _check_feature(f"{where}: features.{path}", feature, found)


def _check_releases(where: str, versions: tuple[str, ...]) -> None:
    if not versions:
        raise InvalidInput(where, "is empty", expected="at least one release")
    for version in versions:
        if not PLAIN.fullmatch(version):
            raise InvalidInput(where, f"{version!r} is no version", expected="numbers with dots between them")
    ranks = [rank(version) for version in versions]
    if ranks != sorted(set(ranks)):
        raise InvalidInput(where, "is not in order", expected="the oldest first, each once")


def _check_feature(where: str, feature: Feature, found: Documentation) -> None:
    for key, statements in feature.support.items():
        if key not in found.brands:
            raise InvalidInput(f"{where}.support", f"unknown brand {key!r}", expected=", ".join(found.brands))
        for number, one in enumerate(statements):
            for name, mark in (("added", one.added), ("removed", one.removed)):
                if mark and not WRITTEN.fullmatch(mark):
                    place = f"{where}.support.{key}[{number}].{name}"
                    raise InvalidInput(place, f"{mark!r} is no version", expected="17, 17.3, ≤17 or preview")


def _spelled(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False)
