"""A WebKitGTK browser without a face, driven by JSON lines: the process behind the WebKitGTK route.

Run by the *system's* Python (PyGObject is bound to it), in isolated mode, with nothing of this package:

    /usr/bin/python3 -I webkitgtk_shell.py '{"token": "ab12", "display": "/usr/bin/Xvfb"}'

One process holds any number of contexts (ephemeral, isolated: cookies, storage, network process) and
their views. It does not serve Playwright itself: WebKit's own inspector does, at the loopback address in
`WEBKIT_INSPECTOR_HTTP_SERVER`, and `webkitgtk_host.py` in the parent process connects the two.

    stdin   {"id": 1, "do": "new_view", "context": 1, "width": 1280, "height": 720}
    stdout  {"id": 1, "ok": {"view": 2}}     or     {"id": 1, "error": "KeyError: 7"}
    stdout  {"fact": "ready" | "load" | "load-failed" | "crash" | "popup" | "closed", "view": 2, ...}

Deliberate differences from a plain WebKitGTK browser:

1. No threads: an object released on another thread than the main one aborts WebKit (SIGABRT).
2. No process swap on cross-site navigation: Playwright's inspector backend loses the page over it.
3. TCP_NODELAY on the inspector's sockets: its two hops inside this process run with Nagle's algorithm
   on, which costs 45 ms per message.
4. `beforeunload` is always confirmed and permissions are always denied: nobody is there to be asked.

It ends when stdin ends or its parent dies, and takes its X server along.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

Native: TypeAlias = Any  # an object of GTK or WebKit; PyGObject has no types
GLib: Native
Gtk: Native
WebKit2: Native

PR_SET_PDEATHSIG = 1
SIGKILL = 9
SCREEN = "1920x1200x24"


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends (Linux only, like this route)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def start_display(executable: str) -> str:
    """Start an X server of our own on a number it picks itself; return it as DISPLAY wants it."""
    reading, writing = os.pipe()
    subprocess.Popen(
        [executable, "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - safe: this process has one thread
    )
    os.close(writing)
    with os.fdopen(reading) as lines:
        number = lines.readline().strip()
    if not number:
        sys.exit(f"{executable} did not start")
    return f":{number}"


def load_toolkit() -> None:
    """Import GTK and WebKit; not before there is a display, because GTK opens it when it is imported."""
    global GLib, Gtk, WebKit2  # noqa: PLW0603 - imports, only later
    import gi  # noqa: PLC0415

    gi.require_version("Gtk", "3.0")
    gi.require_version("WebKit2", "4.1")
    from gi.repository import GLib, Gtk, WebKit2  # noqa: PLC0415


def say(**line: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Context:
    """One isolated browsing context: its storage, cookies and network process go when it goes."""

    def __init__(
        self, number: int, *, ignore_tls: bool, page_cache: bool, user_agent: str | None, languages: list[str]
    ) -> None:
        self.number = number
        self.page_cache = page_cache
        self.user_agent = user_agent
        self.store = WebKit2.WebsiteDataManager.new_ephemeral()
        self.web = WebKit2.WebContext(
            website_data_manager=self.store, process_swap_on_cross_site_navigation_enabled=False
        )
        policy = WebKit2.TLSErrorsPolicy
        self.store.set_tls_errors_policy(policy.IGNORE if ignore_tls else policy.FAIL)
        self.proxy(None)
        if languages:
            self.web.set_preferred_languages(languages)

    def proxy(self, url: str | None) -> None:
        """Send new requests through `url`; a closed port there is this route's "offline"."""
        mode = WebKit2.NetworkProxyMode
        if url is None:
            self.store.set_network_proxy_settings(mode.NO_PROXY, None)
        else:
            self.store.set_network_proxy_settings(mode.CUSTOM, WebKit2.NetworkProxySettings.new(url, None))

    def settings(self) -> Native:
        """What every view of this context starts with."""
        settings = WebKit2.Settings()
        settings.set_enable_developer_extras(True)  # makes the view a target of the inspector
        settings.set_enable_page_cache(self.page_cache)
        settings.set_javascript_can_open_windows_automatically(True)
        settings.set_hardware_acceleration_policy(WebKit2.HardwareAccelerationPolicy.NEVER)
        if self.user_agent:
            settings.set_user_agent(self.user_agent)
        return settings


class View:
    """One page in a window of its own; windows overlap, which hides none of them from WebKit."""

    def __init__(self, shell: Shell, number: int, context: Context, opener: View | None, size: tuple[int, int]) -> None:
        self.shell = shell
        self.number = number
        self.context = context
        origin = {"related_view": opener.web} if opener else {"web_context": context.web}
        self.web: Native = WebKit2.WebView(**origin)
        self.web.set_settings(context.settings())
        self.window = Gtk.Window()
        self.window.set_decorated(False)
        self.window.set_default_size(*size)
        self.window.add(self.web)
        for signal, listener in {
            "load-changed": self.on_load,
            "load-failed": self.on_load_failed,
            "load-failed-with-tls-errors": self.on_tls_failed,
            "web-process-terminated": self.on_terminated,
            "close": self.on_close,
            "create": self.on_create,
            "script-dialog": self.on_dialog,
            "permission-request": self.on_permission,
        }.items():
            self.web.connect(signal, listener)
        self.window.show_all()

    def on_load(self, web: Native, state: Native) -> None:
        say(fact="load", view=self.number, state=state.value_nick, uri=web.get_uri())

    def on_load_failed(self, _web: Native, _state: Native, uri: str, error: Native) -> bool:
        say(fact="load-failed", view=self.number, uri=uri, because=error.message)
        return False

    def on_tls_failed(self, _web: Native, uri: str, _certificate: Native, errors: Native) -> bool:
        say(fact="load-failed", view=self.number, uri=uri, because=f"TLS certificate error {int(errors)}")
        return False

    def on_terminated(self, _web: Native, reason: Native) -> None:
        say(fact="crash", view=self.number, because=reason.value_nick)

    def on_close(self, _web: Native) -> None:
        self.shell.close_view(self.number)

    def on_create(self, _web: Native, _action: Native) -> Native:
        popup = self.shell.add_view(self.context, self, self.window.get_size())
        say(fact="popup", view=self.number, popup=popup.number, context=self.context.number)
        return popup.web

    def on_dialog(self, _web: Native, dialog: Native) -> bool:
        if dialog.get_dialog_type() != WebKit2.ScriptDialogType.BEFORE_UNLOAD_CONFIRM:
            return False
        dialog.confirm_set_confirmed(True)
        return True

    def on_permission(self, _web: Native, request: Native) -> bool:
        request.deny()
        return True


class Shell:
    """All contexts and views, and the commands that the parent may give. `do_*` is a command."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.numbers = itertools.count(1)
        self.contexts: dict[int, Context] = {}
        self.views: dict[int, View] = {}

    def add_view(self, context: Context, opener: View | None, size: tuple[int, int]) -> View:
        view = View(self, next(self.numbers), context, opener, size)
        self.views[view.number] = view
        return view

    def close_view(self, number: int) -> None:
        view = self.views.pop(number, None)
        if view:
            view.window.destroy()
            say(fact="closed", view=number)

    def do_new_context(
        self,
        *,
        ignore_tls: bool = False,
        page_cache: bool = False,
        user_agent: str | None = None,
        languages: list[str] | None = None,
    ) -> dict[str, Any]:
        """With `page_cache` a page may come back from the back/forward cache, and Playwright loses one that does."""
        number = next(self.numbers)
        self.contexts[number] = Context(
            number, ignore_tls=ignore_tls, page_cache=page_cache, user_agent=user_agent, languages=languages or []
        )
        return {"context": number}

    def do_new_view(self, context: int, width: int, height: int) -> dict[str, Any]:
        """A view whose title says which one it is: that is how it is found in the inspector's list."""
        view = self.add_view(self.contexts[context], None, (width, height))
        title = f"{self.token}-{view.number}"
        view.web.load_html(f"<title>{title}</title>", None)
        return {"view": view.number, "title": title}

    def do_close_view(self, view: int) -> None:
        self.close_view(view)

    def do_close_context(self, context: int) -> None:
        for view in [view.number for view in self.views.values() if view.context.number == context]:
            self.close_view(view)
        self.contexts.pop(context, None)

    def do_clear(self, context: int, reply: int) -> object:
        """Remove all website data of a context; answers when it is gone."""

        def cleared(store: Native, outcome: Native) -> None:
            store.clear_finish(outcome)
            say(id=reply, ok={})

        self.contexts[context].store.clear(WebKit2.WebsiteDataTypes.ALL, 0, None, cleared)
        return LATER

    def do_proxy(self, context: int, url: str | None) -> None:
        self.contexts[context].proxy(url)

    def do_size(self, view: int, width: int, height: int) -> None:
        self.views[view].window.resize(width, height)

    def do_load(self, view: int, uri: str) -> None:
        self.views[view].web.load_uri(uri)

    def do_back(self, view: int) -> None:
        self.views[view].web.go_back()

    def do_hide(self, view: int) -> None:
        self.views[view].window.hide()

    def do_show(self, view: int) -> None:
        self.views[view].window.show()

    def do_kill(self, view: int) -> None:
        self.views[view].web.terminate_web_process()

    def do_nodelay(self) -> None:
        """Difference 3, on every TCP socket of this process."""
        for descriptor in list(Path("/proc/self/fd").iterdir()):
            try:
                if not str(descriptor.readlink()).startswith("socket:"):
                    continue
                with socket.socket(fileno=os.dup(int(descriptor.name))) as ours:
                    if ours.family == socket.AF_INET and ours.type == socket.SOCK_STREAM:
                        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:  # closed between the listing and the look
                continue


LATER = object()


def obey(shell: Shell, line: bytes) -> None:
    """Carry out one command and answer it."""
    command = json.loads(line)
    number, verb = command.pop("id"), command.pop("do")
    if verb == "clear":
        command["reply"] = number
    try:
        answer = getattr(shell, f"do_{verb}")(**command)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it instead of waiting
        say(id=number, error=f"{type(error).__name__}: {error}")
    else:
        if answer is not LATER:
            say(id=number, ok=answer or {})


def main(settings: dict[str, Any]) -> None:
    """Obey until stdin ends."""
    die_with_parent()
    if settings["display"]:
        os.environ["DISPLAY"] = start_display(settings["display"])
    load_toolkit()
    shell = Shell(settings["token"])

    pending = bytearray()

    def heard(source: int, _condition: Native) -> bool:
        chunk = os.read(source, 1 << 16)
        if not chunk:
            Gtk.main_quit()
            return False
        pending.extend(chunk)
        *lines, rest = bytes(pending).split(b"\n")
        pending[:] = rest
        for line in lines:
            obey(shell, line)
        return True

    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, heard)
    say(fact="ready", view=0, display=os.environ.get("DISPLAY"))
    Gtk.main()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
