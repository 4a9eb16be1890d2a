"""WebKitGTK by Playwright's blocking face, for ordinary browser tests with pytest-playwright's fixtures.

`GtkBrowser` stands where a `Browser` would. Contexts and pages *are* Playwright's (subclasses around the
same internal objects), so `expect(page)`, locators, routing and pytest-playwright's own wrapping go on
working; what this route cannot do by itself is mended or refused by name, never ignored.

Known limits, on purpose:

1. A second page of a context and a popup sit on connections of their own: the trace, and routes or init
   scripts set on the context, cover the first page only.
2. Input is synthetic (`isTrusted` is false), and no video, HAR, downloads, geolocation or permissions.
3. Cookie calls reach the site of the current page only.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin

from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Error,
    Page,
    Playwright,
    Response,
    StorageState,
    ViewportSize,
)
from playwright.sync_api._generated import Tracing

from wirematrix import budgets
from wirematrix.engines.portal import Portal
from wirematrix.engines.settings import VIEWPORT
from wirematrix.engines.webkitgtk_host import NOWHERE, Target, WebKitGtkHost, is_file, is_fragment_of
from wirematrix.errors import EngineCrashed
from wirematrix.model import Build

PLAYWRIGHTS_OWN: Final = "_pw_api_instance_"  # where Playwright keeps the public object of an internal one


class GtkBrowser:
    """A WebKitGTK process with the members of `Browser` that tests and pytest-playwright use."""

    def __init__(self, playwright: Playwright, build: Build, *, headless: bool, slow_mo_ms: float) -> None:
        self.playwright = playwright
        self.build = build
        self.slow_mo_ms = slow_mo_ms
        self.contexts: list[GtkContext] = []
        self.portal = Portal("webkitgtk")
        try:
            self.host = self.portal.call(WebKitGtkHost.start(build, headless=headless), budgets.LAUNCH)
        except BaseException:
            self.portal.close()
            raise

    @property
    def version(self) -> str:
        """The version of WebKitGTK."""
        return self.build.version

    @property
    def browser_type(self) -> BrowserType:
        """Playwright's WebKit."""
        return self.playwright.webkit

    def is_connected(self) -> bool:
        """Whether the process lives."""
        return not self.host.process.ended.done()

    def new_context(
        self,
        *,
        viewport: ViewportSize | None = None,
        base_url: str | None = None,
        ignore_https_errors: bool | None = None,
        user_agent: str | None = None,
        locale: str | None = None,
        extra_http_headers: dict[str, str] | None = None,
        storage_state: StorageState | str | PathLike[str] | None = None,
        **others: object,
    ) -> GtkContext:
        """An isolated context; an option that this route has no way to honour raises `Error`."""
        refuse(others)
        number = self.portal.call(
            self.host.open_context(
                ignore_tls=bool(ignore_https_errors), user_agent=user_agent, languages=[locale] if locale else None
            ),
            budgets.NEW_PAGE,
        )
        context = GtkContext(self, number, viewport or VIEWPORT, base_url)
        self.contexts.append(context)
        if extra_http_headers:
            context.set_extra_http_headers(extra_http_headers)
        if storage_state is not None:
            context.add_cookies(cookies_of(storage_state))
        return context

    def new_page(self, **options: Any) -> Page:
        """A page in a context of its own."""
        return self.new_context(**options).new_page()

    def open_view(self, context: int, size: ViewportSize) -> tuple[Browser, Target]:
        """A new view of a context and Playwright's connection to it."""
        opening = self.host.open_view(context, width=size["width"], height=size["height"])
        target = self.portal.call(opening, budgets.NEW_PAGE)
        return self.connect(target), target

    def connect(self, target: Target) -> Browser:
        """Playwright's connection to one view."""
        return self.playwright.webkit.connect_over_cdp(
            **target.connection, slow_mo=self.slow_mo_ms, timeout=budgets.NEW_PAGE.ms
        )

    def command(self, verb: str, **arguments: object) -> None:
        """Have the process do something."""
        self.portal.call(self.host.process.command(verb, **arguments), budgets.CONTROL)

    def close(self, **_options: object) -> None:
        """Close all contexts and end the process."""
        for context in list(self.contexts):
            context.close()
        try:
            self.portal.call(self.host.kill(), budgets.CLOSE_ENGINE)
        finally:
            self.portal.close()


class GtkContext(BrowserContext):
    """Playwright's context of the first view, with what the route lacks."""

    def __init__(self, gtk: GtkBrowser, number: int, size: ViewportSize, base_url: str | None) -> None:
        first, target = gtk.open_view(number, size)
        theirs = first.contexts[0]
        page = theirs.pages[0]
        super().__init__(internals_of(theirs))
        become_public_object_of(theirs, self)
        internals_of(self)._base_url = base_url  # noqa: SLF001 - what `expect(page)` and `route` resolve against
        self.gtk = gtk
        self.number = number
        self.size = size
        self.base_url = base_url
        self.connections = [first]
        self.unused = [GtkPage(page, self, target)]
        self.handed_out: list[Page] = []
        self.own_tracing = GtkTracing(theirs.tracing)

    @property
    def pages(self) -> list[Page]:
        """The pages that were asked for and are open."""
        return [page for page in self.handed_out if not page.is_closed()]

    @property
    def tracing(self) -> Tracing:
        """Playwright's tracing without screenshots."""
        return self.own_tracing

    def new_page(self) -> Page:
        """A page; from the second on with a connection of its own (limit 1)."""
        page = self.unused.pop() if self.unused else self.join(*self.gtk.open_view(self.number, self.size))
        self.handed_out.append(page)
        return page

    def join(self, connection: Browser, target: Target) -> GtkPage:
        """The page of another view of this context."""
        self.connections.append(connection)
        return GtkPage(connection.contexts[0].pages[0], self, target)

    def set_offline(self, offline: bool) -> None:  # noqa: FBT001 - Playwright's signature
        """Cut open requests and refuse new ones; open WebSockets flow on and `navigator.onLine` stays true."""
        self.gtk.command("proxy", context=self.number, url=NOWHERE if offline else None)

    def close(self, *, reason: str | None = None) -> None:
        """Close the views, their storage and the connections to them."""
        if self in self.gtk.contexts:
            self.gtk.contexts.remove(self)
        with suppress(Error, EngineCrashed):
            self.gtk.portal.call(self.gtk.host.close_context(self.number), budgets.CLOSE_PAGE)
        for connection in self.connections:
            with suppress(Error):
                connection.close(reason=reason)


class GtkPage(Page):
    """Playwright's page of one view, with what the route lacks."""

    def __init__(self, theirs: Page, within: GtkContext, target: Target) -> None:
        super().__init__(internals_of(theirs))
        become_public_object_of(theirs, self)
        self.within = within
        self.target = target

    @property
    def gtk(self) -> GtkBrowser:
        """The browser that holds the view."""
        return self.within.gtk

    @property
    def context(self) -> BrowserContext:
        return self.within

    def goto(self, url: str, **options: Any) -> Response | None:
        """As Playwright's; a fragment or a file does not hang and a refusal raises."""
        url = urljoin(self.within.base_url or self.url, url)
        if is_fragment_of(url, self.url):
            self.evaluate("url => { location.href = url; }", url)
            return None
        if is_file(url):
            self.gtk.portal.call(self.gtk.host.open_file(self.target.view, url), budgets.NAVIGATE)
            # Playwright hears of it a moment later
            self.wait_for_url(lambda shown: shown == url, wait_until="commit", timeout=budgets.NAVIGATE.ms)
            return None
        since = self.gtk.host.facts_about(self.target.view)
        response = super().goto(url, **options)
        if response is None and url.startswith("http"):
            self.gtk.portal.call(self.gtk.host.loaded(self.target.view, since=since), budgets.NAVIGATE)
        return response

    def set_viewport_size(self, viewport_size: ViewportSize) -> None:
        """Resize the window, which has no frame."""
        width, height = viewport_size["width"], viewport_size["height"]
        self.gtk.command("size", view=self.target.view, width=width, height=height)

    def expect_popup(  # type: ignore[override]  # not Playwright's class, but with the one member that counts
        self, predicate: object = None, *, timeout: float | timedelta | None = None
    ) -> ExpectedPopup:
        """A context manager whose `value` is the page opened meanwhile; it takes no predicate on this route."""
        refuse({"predicate": predicate})
        limit_ms = timeout / timedelta(milliseconds=1) if isinstance(timeout, timedelta) else timeout
        return ExpectedPopup(self, budgets.NAVIGATE if limit_ms is None else budgets.Budget("popup", limit_ms))

    def close(self, **_options: object) -> None:
        """Close the view; Playwright's own close would leave the page alive with its streams."""
        with suppress(Error, EngineCrashed):
            self.gtk.portal.call(self.gtk.host.close_view(self.target.view), budgets.CLOSE_PAGE)
        with suppress(Error):
            super().close()


class ExpectedPopup:
    """The page that another one opens inside a `with` block."""

    value: Page

    def __init__(self, opener: GtkPage, budget: budgets.Budget) -> None:
        self.opener = opener
        self.budget = budget
        self.since = 0

    def __enter__(self) -> Self:
        self.since = self.opener.gtk.host.facts_about(self.opener.target.view)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            gtk = self.opener.gtk
            adopting = gtk.host.adopt_popup(self.opener.target.view, since=self.since)
            target = gtk.portal.call(adopting, self.budget)
            self.value = self.opener.within.join(gtk.connect(target), target)


class GtkTracing(Tracing):
    """Tracing with snapshots, network and console, but without the screencast that this route does not have."""

    def __init__(self, theirs: Tracing) -> None:
        super().__init__(internals_of(theirs))

    def start(self, **options: Any) -> Any:
        return super().start(**{**options, "screenshots": False})

    def stop(self, **options: Any) -> None:
        """As Playwright's; where the connection has gone there is nothing to save but an empty archive."""
        try:
            super().stop(**options)
        except Error:
            if options.get("path") is not None:
                zipfile.ZipFile(Path(options["path"]), "w").close()


def internals_of(theirs: Browser | BrowserContext | Page | Tracing) -> Any:
    """Playwright's internal object behind a public one."""
    return theirs._impl_obj  # noqa: SLF001 - a subclass around it has no other way to come about


def become_public_object_of(theirs: BrowserContext | Page, ours: BrowserContext | Page) -> None:
    """Playwright hands out `ours` from now on wherever it would hand out `theirs`."""
    setattr(internals_of(theirs), PLAYWRIGHTS_OWN, ours)


def refuse(options: Mapping[str, object]) -> None:
    """A test that asks for something must not be left to believe that it got it."""
    asked = sorted(name for name, value in options.items() if value not in (None, False))
    if asked:
        raise Error(f"WebKitGTK has no way to honour the option(s) {', '.join(asked)}")


def cookies_of(storage_state: StorageState | str | PathLike[str]) -> list[Any]:
    """The cookies of a storage state or of the file it was saved to."""
    if isinstance(storage_state, str | PathLike):
        return list(json.loads(Path(storage_state).read_text())["cookies"])
    return list(storage_state.get("cookies", []))
