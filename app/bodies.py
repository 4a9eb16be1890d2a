"""What comes in from outside, read once at the edge: bounded, strict JSON, the right shape, or Refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request

from app.refusal import Words, malformed, too_big

Shape = TypeVar("Shape", bound="StrictModel")


class StrictModel(BaseModel):
    """A JSON object with exactly these keys, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Uplink(StrictModel):
    """What a subscriber sends: the same over POST and WebSocket."""

    data: Any


async def read_body(request: Request, *, limit_bytes: int, where: str) -> bytes:
    """The request's body; refuses as soon as it is known to be over the limit, without reading the rest."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise too_big(where, limit_bytes=limit_bytes, got=Words(f"{announced} bytes announced"))
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit_bytes:
                raise too_big(where, limit_bytes=limit_bytes, got=Words(f"{len(body)} bytes and more"))
    except ClientDisconnect as left:  # nobody hears the answer, but the connection log has it
        got = Words(f"{len(body)} bytes, then the peer left")
        raise malformed(where, "incomplete", expected="a whole body", got=got) from left
    return bytes(body)


def parse(text: bytes | str, shape: type[Shape], *, where: str) -> Shape:
    """JSON text as a `shape`; raises Refused (400) that names the key and what it expects."""
    value = parse_json(text, where=where)
    try:
        return shape.model_validate(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False)[0]
        keys = ".".join(str(key) for key in first["loc"])
        keys_of_shape = ", ".join(shape.model_fields)
        raise malformed(
            f"{where}: {ascii(keys)[1:-1]}" if keys else where,
            first["msg"][0].lower() + first["msg"][1:],
            expected=f"a JSON object with {keys_of_shape}",
            got=first["input"],
        ) from wrong


def parse_json(text: bytes | str, *, where: str) -> object:
    """RFC 8259 JSON in UTF-8: no NaN, no byte order mark, nesting within reason. Raises Refused (400)."""
    try:
        return _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as problem:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        what = f"malformed JSON ({_first_line(problem)})"
        raise malformed(where, what, expected="JSON in UTF-8", got=text) from problem


def _first_line(problem: Exception) -> str:
    return ascii(str(problem).partition("\n")[0])[1:-1]


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
