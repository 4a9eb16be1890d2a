"""The one exception for bad input: an HTTP status, a WebSocket close code, and a sentence that says what was wrong."""

from __future__ import annotations

import reprlib

# RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of them are the close code.
MAX_REASON_BYTES = 123

_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2  # repr() of what somebody nested a thousand deep would raise RecursionError


class Refused(Exception):
    """A request this service does not serve; harms nobody but the one who made it.

    `status` answers over HTTP, `code` closes a WebSocket (RFC 6455 section 7.4).
    The text reads `<where>: <what>; expected <expected>, got <got>` and is plain ASCII whatever was sent.
    """

    def __init__(self, *, status: int, code: int, where: str, what: str, expected: str, got: object) -> None:
        self.status = status
        self.code = code
        self.where = where
        self.what = what
        self.expected = expected
        self.got = got
        super().__init__(where, what, expected, got)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}, got {shown(self.got)}"


def shown(value: object, *, limit: int = 80) -> str:
    """A value as it may stand in an error text: ASCII, one line, at most `limit` characters, however large it is."""
    if isinstance(value, Words):
        text = str(value)
    elif isinstance(value, str | bytes):
        text = ascii(value[:limit])
    else:
        text = _BRIEF.repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


class Words(str):
    """Our own words in place of a quoted value, as in `got nothing`."""

    __slots__ = ()


def close_reason(text: str) -> str:
    """The text cut to what fits into a close frame."""
    return text if len(text) <= MAX_REASON_BYTES else f"{text[: MAX_REASON_BYTES - 3]}..."


def malformed(where: str, what: str, *, expected: str, got: object) -> Refused:
    """Not JSON, not the right shape, not a resume point: 400 and close code 4400."""
    return Refused(status=400, code=4400, where=where, what=what, expected=expected, got=got)


def unauthorised(where: str, *, got: object) -> Refused:
    """A private channel without its token: 401 and close code 4401."""
    expected = "?access_token=... or an Authorization: Bearer header with the configured token"
    return Refused(status=401, code=4401, where=where, what="unauthorised", expected=expected, got=got)


def foreign_page(origin: str) -> Refused:
    """A page of another origin wants a WebSocket: 403 and close code 4403."""
    expected = "a page of this origin or one of APP_ALLOW_ORIGINS"
    return Refused(status=403, code=4403, where="Origin", what="foreign page", expected=expected, got=origin)


def too_big(where: str, *, limit_bytes: int, got: object) -> Refused:
    """A body or frame over the limit: 413 and close code 1009."""
    expected = f"at most {limit_bytes} bytes"
    return Refused(status=413, code=1009, where=where, what="too big", expected=expected, got=got)


def unavailable(where: str, what: str, *, code: int, expected: str, got: object) -> Refused:
    """Not now, perhaps later: 503 and 1012 (going down) or 1013 (too many)."""
    return Refused(status=503, code=code, where=where, what=what, expected=expected, got=got)
