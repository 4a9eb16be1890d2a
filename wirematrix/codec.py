"""The frozen values of model.py as JSON and back, derived from their fields.

One decoder per type, made once from the type's annotations, so a new field cannot be forgotten on one side.
Decoding is strict: an unknown or missing key, a wrong type, a status that does not exist, NaN or a key written
twice is InvalidInput with the way to the value. Where the JSON differs from the fields, on purpose:

1. An observation is the list `[at_ms, source, kind, detail]`: a run has hundreds of thousands of them.
2. A cell carries its `id` and a verdict whether it was `expected`: derived, for readers without this package.
   Decoding refuses them where they do not agree with the rest.
3. What files of an earlier version of this program do not have may be missing: it is the default then.
4. Text is written in ASCII with escapes, so a lone surrogate, which a page may send, survives. Two lone
   surrogates that happen to stand in the right order become the character they spell, as in every JSON reader.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from wirematrix.errors import InvalidInput
from wirematrix.model import Attempt, Cell, Observation, Run, RunInfo, Verdict
from wirematrix.nodes import choice, enumeration, unknown

Value = TypeVar("Value")
Plain = Any  # a JSON value, as json.loads gives it
Decoder = Callable[[Plain], Any]
SHOWN_CHARS: Final = 60
DERIVED: Final[Mapping[type, str]] = {Cell: "id", Verdict: "expected"}
OPTIONAL: Final[Mapping[type, tuple[str, ...]]] = {
    Attempt: ("artifacts",),  # these are younger than the first files of this version
    Run: ("routes",),
    RunInfo: ("routes_left_out",),
}
SPOKEN: Final[Mapping[type, str]] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "null"
}  # fmt: skip
OBSERVATION: Final = tuple(each.name for each in fields(Observation))
LARGEST_EXACT: Final = 2**53
JSON: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class Misfit(Exception):
    """A JSON value that does not fit; `steps` lead to it, innermost first. Never leaves this module."""

    def __init__(self, problem: str, expected: str) -> None:
        self.problem = problem
        self.expected = expected
        self.steps: list[str | int] = []
        super().__init__(problem, expected)

    @property
    def way(self) -> str:
        """The way to the value, such as `attempts[3].verdict.status`; "" for the whole."""
        return "".join(map(_step, reversed(self.steps))).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isprintable() and len(step) <= SHOWN_CHARS else f".{shown(step)}"


def to_json(value: object) -> str:
    """A value of model.py as JSON on one line; ValueError for what JSON cannot say (NaN, infinity, bytes)."""
    return spell(encode(value))


def spell(plain: Plain) -> str:
    """The same for a value that is encoded already."""
    try:
        return JSON.encode(plain)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"cannot be written as JSON: {error}") from error


def encode(value: object) -> Plain:
    """A value of model.py as what JSON has; what an observation carries is passed on as it is."""
    if isinstance(value, Observation):
        return [value.at_ms, value.source, value.kind, dict(value.detail)]
    if is_dataclass(value):
        plain = {each.name: encode(getattr(value, each.name)) for each in fields(value)}
        if derived := DERIVED.get(type(value)):
            plain[derived] = getattr(value, derived)
        return plain
    if isinstance(value, (tuple, list)):
        return [encode(each) for each in value]
    if isinstance(value, Mapping):
        return {key: encode(each) for key, each in value.items()}
    return value


def from_json(content: bytes | str, where: str) -> Plain:
    """What the JSON says; InvalidInput names the line, if there is more than one."""
    try:
        text = content if isinstance(content, str) else content.decode()
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        problem = f"byte {error.object[error.start]:#04x} at position {error.start} is not UTF-8"
        raise InvalidInput(where, problem, expected="JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}" if "\n" in error.doc else where
        raise InvalidInput(place, f"not JSON: {error.msg} in column {error.colno}", expected="JSON") from error
    except RecursionError as error:
        raise InvalidInput(where, "is nested too deeply", expected="JSON of a few levels") from error
    except ValueError as error:  # from our own hooks, or a number with thousands of digits
        raise InvalidInput(where, str(error), expected="JSON with finite numbers and each key once") from error


def decode(kind: type[Value], plain: Plain, where: str) -> Value:
    """The value that JSON describes; InvalidInput names the way to what does not fit."""
    try:
        return cast(Value, _decoder(cast(Hashable, kind))(plain))
    except Misfit as misfit:
        place = f"{where}: {misfit.way}" if misfit.way else where
        raise InvalidInput(place, misfit.problem, expected=misfit.expected) from misfit


@cache
def _decoder(kind: Hashable) -> Decoder:
    if kind in SPECIAL:
        return SPECIAL[kind]
    if not isinstance(kind, type) or get_args(kind):
        return _generic_decoder(get_origin(kind), get_args(kind))
    if is_dataclass(kind):
        return _object_decoder(kind)
    return _word_decoder(kind) if issubclass(kind, StrEnum) else _scalar_decoder(kind)


def _generic_decoder(origin: object, arguments: tuple[Any, ...]) -> Decoder:
    if origin in (tuple, list):
        return _list_decoder(tuple if origin is tuple else list, _decoder(arguments[0]))
    if origin in (Mapping, dict):
        return _mapping_decoder(_decoder(arguments[1]))
    if NoneType in arguments and is_dataclass(arguments[0]):
        return _optional_decoder(_decoder(cast(Hashable, arguments[0])))
    return _scalar_decoder(*arguments)  # a union


def _object_decoder(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {each.name: _decoder(hints[each.name]) for each in fields(kind)}
    derived = DERIVED.get(kind)
    keys = (*decoders, derived) if derived else tuple(decoders)
    optional = OPTIONAL.get(kind, ())

    def decode_object(plain: Plain) -> object:
        _check_keys(plain, keys, optional)
        values = {}
        for name, decoder in decoders.items():
            if name in optional and name not in plain:
                continue
            try:
                values[name] = decoder(plain[name])
            except Misfit as misfit:
                misfit.steps.append(name)
                raise
        try:
            made = kind(**values)
        except ValueError as error:
            raise Misfit(str(error), "a sentence") from error
        if derived:
            said, owed = plain[derived], getattr(made, derived)
            if type(said) is not type(owed) or said != owed:
                raise Misfit(f"{derived} says {shown(said)}", f"{shown(owed, None)}, as the rest says")
        return made

    return decode_object


def _optional_decoder(item: Decoder) -> Decoder:
    return lambda plain: None if plain is None else item(plain)


def _list_decoder(made: Callable[[Iterable[object]], object], item: Decoder) -> Decoder:
    def decode_list(plain: Plain) -> object:
        if type(plain) is not list:
            raise Misfit(f"got {shown(plain)}", "a list")
        try:
            return made(map(item, plain))
        except Misfit as misfit:
            misfit.steps.append(_first_misfit(item, plain))
            raise

    return decode_list


def _first_misfit(item: Decoder, plain: list[Any]) -> int:
    """Where a list went wrong, looked for only when it did: counting would cost every good one."""
    for index, each in enumerate(plain):
        try:
            item(each)
        except Misfit:
            return index
    raise AssertionError(plain)


def _mapping_decoder(item: Decoder) -> Decoder:
    def decode_mapping(plain: Plain) -> Mapping[str, object]:
        if type(plain) is not dict:
            raise Misfit(f"got {shown(plain)}", "an object")
        values = {}
        for key, value in plain.items():
            try:
                values[key] = item(value)
            except Misfit as misfit:
                misfit.steps.append(key)
                raise
        return values

    return decode_mapping


def _word_decoder(kind: type[StrEnum]) -> Decoder:
    words = {each.value: each for each in kind}

    def decode_word(plain: Plain) -> StrEnum:
        if type(plain) is not str:
            raise Misfit(f"got {shown(plain)}", choice(words))
        if plain not in words:
            raise Misfit(unknown(kind.__name__.lower(), plain, words), choice(words))
        return words[plain]

    return decode_word


def _scalar_decoder(*kinds: type) -> Decoder:
    accepted = frozenset(kinds)

    def decode_scalar(plain: Plain) -> Plain:
        if type(plain) not in accepted:
            raise Misfit(f"got {shown(plain)}", choice([SPOKEN[kind] for kind in kinds]))
        return plain

    return decode_scalar


def _number(plain: Plain) -> float:
    if type(plain) is float:
        return plain
    if type(plain) is not int or abs(plain) > LARGEST_EXACT:
        raise Misfit(f"got {shown(plain)}", "a number")
    return float(plain)


def _observation(plain: Plain) -> Observation:
    if type(plain) is not list or len(plain) != len(OBSERVATION):
        raise Misfit(f"got {shown(plain)}", f"the list [{', '.join(OBSERVATION)}]")
    at_ms, source, kind, detail = plain
    if type(at_ms) is float and type(source) is str and type(kind) is str and type(detail) is dict:
        return Observation(at_ms=at_ms, source=source, kind=kind, detail=detail)
    hints = get_type_hints(Observation)
    values = {}
    for index, name in enumerate(OBSERVATION):
        try:
            values[name] = _decoder(hints[name])(plain[index])
        except Misfit as misfit:
            misfit.steps.append(index)
            raise
    return Observation(**values)


def _check_keys(plain: Plain, keys: Sequence[str], optional: Sequence[str] = ()) -> None:
    if type(plain) is not dict:
        raise Misfit(f"got {shown(plain)}", "an object")
    if plain.keys() == set(keys):
        return
    for key in plain:
        if key not in keys:
            raise Misfit(unknown("key", key, keys), enumeration(keys))
    missing = next((key for key in keys if key not in plain and key not in optional), None)
    if missing is not None:
        raise Misfit(f"key {missing!r} is missing", enumeration(keys))


def _anything(plain: Plain) -> Plain:
    return plain


SPECIAL: Final[Mapping[Hashable, Decoder]] = {Observation: _observation, float: _number, Any: _anything}


def shown(plain: Plain, chars: int | None = SHOWN_CHARS) -> str:
    """A JSON value as an error repeats it: on one line and, unless `chars` is None, short."""
    match plain:
        case list():
            return "a list"
        case dict():
            return "an object"
        case str() if chars is not None and len(plain) > chars:
            return repr(f"{plain[:chars]}...")
        case str():
            return repr(plain)
        case int() if abs(plain) > LARGEST_EXACT:
            return "a huge number"
        case _:
            return json.dumps(plain)


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"number {digits[:SHOWN_CHARS]} is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {shown(twice)} is written twice")
    return made
