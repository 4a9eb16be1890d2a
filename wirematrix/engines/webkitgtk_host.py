"""WebKitGTK as a host of isolated contexts, and the way for Playwright to each of their views.

Written once for both of Playwright's faces: the asyncio face awaits it in its own event loop, the blocking
face runs it in a loop of its own in another thread. It knows nothing about Playwright's objects.

    open_view:  command ─> view with a marker title ─> found in the inspector's list ─> Target
    Playwright: webkit.connect_over_cdp(**target.connection) <═ relay ═> WebKit's inspector
    crash, close, end: the relay cuts the target's connection, so that Playwright's calls raise
"""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import Error

from wirematrix.engines.inspector_relay import TARGET_HEADER, InspectorRelay
from wirematrix.engines.webkitgtk_process import Fact, ShellProcess
from wirematrix.model import Build

INSPECTOR_PORT: Final = 9222
NOWHERE: Final = "http://127.0.0.1:1"  # a proxy that refuses: this route's "offline"
LISTED: Final = re.compile(r'class="targetname">(.*?)</div>.*?(/socket/\d+/(\d+)/WebPage)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One view as Playwright reaches it; `connection` are the arguments of `webkit.connect_over_cdp`.

    The artifacts directory is its own: by default all connections of all processes share one literal
    directory, which any of them deletes when it ends.
    """

    context: int
    view: int
    socket: str
    connection: dict[str, Any]


class WebKitGtkHost:
    """One WebKitGTK process. `on_gone(view, because)` is called when a view's page is lost."""

    def __init__(self, process: ShellProcess, relay: InspectorRelay, token: str) -> None:
        self.process = process
        self.relay = relay
        self.on_gone: Callable[[int, str], None] = lambda _view, _because: None
        self._token = token
        self._targets: dict[int, Target] = {}
        self._popups: list[int] = []  # views opened by pages, in order, until they are connected to
        process.on_fact = self._hear

    @classmethod
    async def start(cls, build: Build, *, headless: bool = True) -> WebKitGtkHost:
        """Start WebKitGTK on a loopback address of its own; raises EngineUnavailable."""
        address = await unused_address()
        token = secrets.token_hex(4)
        process = await ShellProcess.start(
            build, inspector=f"{address}:{INSPECTOR_PORT}", token=token, headless=headless
        )
        relay = InspectorRelay((address, INSPECTOR_PORT), lambda: process.run(process.command("nodelay")))
        await relay.open()
        return cls(process, relay, token)

    async def open_context(
        self,
        *,
        ignore_tls: bool = False,
        page_cache: bool = False,
        user_agent: str | None = None,
        languages: list[str] | None = None,
    ) -> int:
        """A new isolated context; its number."""
        answer = await self.process.command(
            "new_context", ignore_tls=ignore_tls, page_cache=page_cache, user_agent=user_agent, languages=languages
        )
        return int(answer["context"])

    async def open_view(self, context: int, *, width: int, height: int) -> Target:
        """A new blank view, ready to be connected to."""
        answer = await self.process.command("new_view", context=context, width=width, height=height)
        view = int(answer["view"])
        await self.loaded(view, since=0)
        while not (socket := dict(self._pairs(await self._listed())).get(answer["title"])):
            pass  # the inspector learns of titles a few milliseconds late
        return self._target(context, view, socket)

    async def adopt_popup(self, opener: int, *, since: int) -> Target:
        """The view that a page opened (its first since its `since`th fact), ready to be connected to.

        A popup has no marker title. WebKit numbers its targets in the order of their creation, as the
        process numbers its views, so the unconnected ones of both are matched by rank.
        """
        fact = await self.process.fact("popup", view=opener, since=since)
        view = int(fact.detail["popup"])
        while True:
            known = {target.socket for target in self._targets.values()}
            unknown = sorted(
                (int(number), socket)
                for title, socket, number in await self._listed()
                if socket not in known and not title.startswith(self._token)
            )
            if len(unknown) == len(self._popups):
                break
        socket = unknown[self._popups.index(view)][1]
        self._popups.remove(view)
        return self._target(int(fact.detail["context"]), view, socket)

    def _target(self, context: int, view: int, socket: str) -> Target:
        connection = {
            "endpoint_url": self.relay.url,
            "headers": {TARGET_HEADER: socket},
            "artifacts_dir": tempfile.mkdtemp(prefix="artifacts-", dir=self.process.home),
        }
        self._targets[view] = Target(context=context, view=view, socket=socket, connection=connection)
        return self._targets[view]

    def facts_about(self, view: int) -> int:
        """How many facts there are about a view now: the `since` of what is to come."""
        return len(self.process.facts[view])

    async def loaded(self, view: int, *, since: int) -> None:
        """Wait for the end of a navigation that began at `since`; raises `Error` if it failed.

        Playwright's `goto` returns None for a refused connection on this route, and never raises.
        """
        seen = since
        while True:
            fact = await self.process.fact("load", "load-failed", view=view, since=seen)
            if fact.kind == "load-failed":
                raise Error(f"Page.goto: {fact.detail['because']} at {fact.detail['uri']}")
            if fact.detail["state"] == "finished":
                return
            seen = self.process.facts[view].index(fact, seen) + 1

    async def open_file(self, view: int, uri: str) -> None:
        """Show a `file:` address; raises `Error` if it cannot be read.

        Playwright's `goto` asks the page to go there, and a page from elsewhere may not open local files: the request
        is dropped without a word. The process itself may.
        """
        since = self.facts_about(view)
        await self.process.command("load", view=view, uri=uri)
        await self.loaded(view, since=since)

    async def arrived(self, view: int, uri: str, *, since: int) -> None:
        """Wait until a view shows `uri`, whole, by a navigation that began at `since`.

        The end of the navigation before may still be to come, under the new address; only the commit tells them apart.
        A page that is restored with a stream open reports its old request as cancelled in between; that is no failure.
        """
        seen, awaited = since, "committed"
        while True:
            fact = await self.process.fact("load", view=view, since=seen)
            seen = self.process.facts[view].index(fact, seen) + 1
            if fact.detail["state"] != awaited or fact.detail["uri"] != uri:
                continue
            if awaited == "finished":
                return
            awaited = "finished"

    async def close_view(self, view: int) -> None:
        """Close one view; what it had open ends."""
        self.forget(view)
        await self.process.command("close_view", view=view)

    async def close_context(self, context: int) -> None:
        """Close a context with its views, storage and network process."""
        for view in [target.view for target in self._targets.values() if target.context == context]:
            self.forget(view)
        await self.process.command("close_context", context=context)

    def forget(self, view: int) -> None:
        """Cut a view's connection; its end is no news."""
        target = self._targets.pop(view, None)
        if target:
            self.relay.cut(target.socket)
        self.process.facts.pop(view, None)

    async def close(self) -> None:
        """End the process in an orderly way."""
        self.relay.close()
        await self.process.close()

    async def kill(self) -> None:
        """End the process at once and clear away its files."""
        self.relay.close()
        await self.process.kill()

    def _hear(self, fact: Fact) -> None:
        """Lost pages: cut their connections and tell."""
        match fact.kind:
            case "popup":
                self._popups.append(int(fact.detail["popup"]))
            case "crash":
                self._lost(fact.view, f"its web process ended: {fact.detail['because']}")
            case "closed":
                if fact.view in self._popups:
                    self._popups.remove(fact.view)
                self._lost(fact.view, "the page closed itself")
            case "ended":
                for view in list(self._targets):
                    self._lost(view, str(fact.detail["because"]))

    def _lost(self, view: int, because: str) -> None:
        target = self._targets.get(view)
        if target:
            self.relay.cut(target.socket)
            self.on_gone(view, because)

    async def _listed(self) -> list[tuple[str, str, str]]:
        """Title, socket and number of all targets, from the page that WebKit serves to people."""
        reader, writer = await asyncio.open_connection(*self.relay.inspector)
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: inspector\r\nConnection: close\r\n\r\n")
            return LISTED.findall((await reader.read()).decode())
        finally:
            writer.close()

    @staticmethod
    def _pairs(listed: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
        return [(title, socket) for title, socket, _ in listed]


async def unused_address() -> str:
    """A loopback address (all of 127.0.0.0/8 is local on Linux) at which nothing listens.

    WebKit takes no port 0, and a second process at a taken address starts without an inspector and
    without a word. Pages are verified by a secret in their titles; this makes a clash unlikely, too.
    """
    while True:
        address = ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])
        try:
            _, writer = await asyncio.open_connection(address, INSPECTOR_PORT)
        except OSError:
            return address
        writer.close()


def is_file(url: str) -> bool:
    """Whether `url` is a file of this machine."""
    return urlsplit(url).scheme == "file"


def is_fragment_of(url: str, shown: str) -> bool:
    """Whether `url` only names another place in the document that is shown."""
    return "#" in url and url != shown and urldefrag(url)[0] == urldefrag(shown)[0]
