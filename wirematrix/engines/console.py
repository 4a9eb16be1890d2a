"""What an engine itself says about a page: console lines and errors that nobody caught.

An engine's own words for a failed connection stand here and nowhere else: page script is told less on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from playwright.async_api import ConsoleMessage, Error, Page

from wirematrix.timeline import Recorder

LINES_AT_MOST: Final = 40  # of one attempt; the rest is counted
LONGEST: Final = 400  # characters of a text or an address


@contextmanager
def console_heard(page: Page, recorder: Recorder) -> Iterator[None]:
    """Listen for the length of a block, at whose end everything heard is an observation of the page.

    console {level, text, where}   page-error {text}   console-more {count}

    The times are those at which we were told. They are ours, not those of the page's clock, which is why nothing is
    written down before the page was read for the last time: until then its clock may yet be put right.
    """
    heard: list[tuple[float, str, dict[str, Any]]] = []
    more = 0

    def hear(kind: str, **detail: Any) -> None:
        nonlocal more
        if len(heard) < LINES_AT_MOST:
            heard.append((recorder.now_ms(), kind, detail))
        else:
            more += 1

    def line(message: ConsoleMessage) -> None:
        at = message.location
        where = f"{at['url']}:{at['lineNumber'] + 1}" if at["url"] else ""
        hear("console", level=message.type, text=message.text[:LONGEST], where=where[:LONGEST])

    def broken(error: Error) -> None:
        hear("page-error", text=str(error)[:LONGEST])

    listeners: tuple[tuple[Any, Callable[[Any], None]], ...] = (("console", line), ("pageerror", broken))
    for event, listener in listeners:
        page.on(event, listener)
    try:
        yield
    finally:
        for event, listener in listeners:
            with suppress(Error, KeyError):  # a page that is gone has forgotten its listeners
                page.remove_listener(event, listener)
        for at_ms, kind, detail in heard:
            recorder.observe("page", kind, at_ms=at_ms, **detail)
        if more:
            recorder.observe("page", "console-more", count=more)
