"""A small real process that speaks like `webkitgtk_shell.py` and lists targets like WebKit's inspector.

Started by tests in the shell's place. Its own verbs: `crash`, `refuse`, `back` and `popup` make facts about a view,
`fail` answers with an error, `hang` with nothing, `die` ends the process with last words on stderr.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from typing import Any


class FakeShell:
    """Contexts and views as numbers, targets as titles."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.numbers = itertools.count(1)
        self.targets: list[str] = []

    def say(self, **line: Any) -> None:
        """One line to the parent."""
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def add_target(self, title: str) -> None:
        """WebKit numbers its targets in the order of their creation."""
        self.targets.append(title)

    def do_new_context(self, **_options: Any) -> dict[str, Any]:
        return {"context": next(self.numbers)}

    def do_new_view(self, **_options: Any) -> dict[str, Any]:
        view = next(self.numbers)
        title = f"{self.token}-{view}"
        self.add_target(title)
        self.say(fact="load", view=view, state="finished", uri="about:blank")
        return {"view": view, "title": title}

    def do_popup(self, view: int) -> None:
        popup = next(self.numbers)
        self.add_target("any title")
        self.say(fact="popup", view=view, popup=popup, context=1)

    def do_crash(self, view: int) -> None:
        self.say(fact="crash", view=view, because="crashed")

    def do_refuse(self, view: int) -> None:
        self.say(fact="load-failed", view=view, because="Connection refused", uri="http://127.0.0.1:1/")
        self.say(fact="load", view=view, state="finished", uri="http://127.0.0.1:1/")

    def do_back(self, view: int) -> None:
        """The end of the navigation before comes late and under the new address, as WebKitGTK tells it."""
        uri = "http://127.0.0.1:1/"
        for state in ("started", "finished", "committed"):
            self.say(fact="load", view=view, state=state, uri=uri)
        self.say(fact="load-failed", view=view, because="Load request cancelled", uri=uri)
        self.say(fact="load", view=view, state="finished", uri=uri)

    def do_fail(self) -> None:
        raise ValueError("no such luck")

    def do_die(self) -> None:
        sys.exit("out of cheese")

    def do_nothing(self, **_options: Any) -> None:
        pass

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The inspector: a list for people, and sockets that send back what they are sent."""
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /socket/"):
            writer.write(head)
            while chunk := await reader.read(65536):
                writer.write(chunk)
        else:
            rows = "".join(
                f'<div class="targetname">{title}</div><input onclick="\'/socket/1/{number}/WebPage\'">'
                for number, title in enumerate(self.targets, 1)
            )
            writer.write(f"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>{rows}</html>".encode())
        writer.close()

    def obey(self, line: bytes) -> None:
        """One command, one answer."""
        command = json.loads(line)
        number, verb = command.pop("id"), command.pop("do")
        if verb == "hang":
            return
        try:
            ok = getattr(self, f"do_{verb}", self.do_nothing)(**command)
        except ValueError as error:
            self.say(id=number, error=f"ValueError: {error}")
        else:
            self.say(id=number, ok=ok or {})


async def main(settings: dict[str, Any]) -> None:
    """Obey until stdin ends."""
    shell = FakeShell(settings["token"])
    host, port = os.environ["WEBKIT_INSPECTOR_HTTP_SERVER"].split(":")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with await asyncio.start_server(shell.serve, host, int(port)):
        shell.say(fact="ready", view=0)
        async for line in reader:
            shell.obey(line)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
