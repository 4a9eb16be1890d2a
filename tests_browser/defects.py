"""Seeded defects: single text replacements in a copy of `app/` and `static/`, each with the one scenario it breaks.

Each is a mistake somebody could make, and harms nothing but what its name says.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PARTS: Final = ("app", "static")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """`old` stands exactly once in `file`; with `new` in its place only `scenario` ends unexpectedly.

    `says` is what the reason of each such cell must say of it, where the audit of delivery can tell whose it is.
    """

    name: str
    scenario: str
    file: str
    old: str
    new: str
    says: str = ""

    def seed(self, root: Path) -> None:
        """Put the defect into a copy. ValueError if the text is not there exactly once: it would be disarmed."""
        file = root / self.file
        text = file.read_text(encoding="utf-8")
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: {self.name}: expected {self.old!r} exactly once, got it {count} times")
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


DEFECTS: Final = (
    Defect(
        name="ids off by one after replay",
        scenario="resumes_without_a_gap",
        file="app/channel.py",
        old="        return list(itertools.islice(self._log, first - self.oldest, None))\n",
        new="""\
        return [
            Message(
                seq=one.seq,
                kind=one.kind,
                text=one.text,
                sse=one.sse.replace(b"-%d\\n" % one.seq, b"-%d\\n" % (one.seq + 1), 1),
            )
            for one in itertools.islice(self._log, first - self.oldest, None)
        ]
""",
    ),
    Defect(
        name="replay missing one",
        scenario="resumes_without_a_gap",
        file="app/channel.py",
        old="return Start(seq=since.seq, gap=None, replay=self._replay(first))",
        new="return Start(seq=since.seq, gap=None, replay=self._replay(first + 1))",
        says="never sent by the server",
    ),
    Defect(
        name="duplicate on resume",
        scenario="resumes_without_a_gap",
        file="app/connections.py",
        old="self.mailbox.start_with([*backlog, *start.replay])",
        new="self.mailbox.start_with([*backlog, *start.replay[:1], *start.replay])",
        says="sent that often by the server",
    ),
    Defect(
        name="the page loses one in 1000",
        scenario="delivers_a_thousand_in_order",
        file="static/transports/websocket.js",
        old='    if (envelope) emit("message", envelope);',
        new='    if (envelope?.seq === 700) return;\n    if (envelope) emit("message", envelope);',
        says="1 of 1001 messages never arrived: 700 (lost in the page)",
    ),
    Defect(
        name="heartbeat never sent",
        scenario="notices_silence",
        file="app/connections.py",
        old="            self._tell(Batch([encode_heartbeat(seq=self.seq)]))\n",
        new="            pass\n",
    ),
    Defect(
        name="retry ignored by the page",
        scenario="honours_the_retry_delay",
        file="static/transports/resilient.js",
        old="this.#retry_ms = retry_ms ?? 0;",
        new="this.#retry_ms = 0;",
    ),
    Defect(
        name="retry ignored by the app",
        scenario="honours_the_retry_delay",
        file="app/connections.py",
        old="retry_ms=tuning.retry_ms,",
        new="retry_ms=None,",
    ),
    Defect(
        name="subscriber never cleaned up",
        scenario="server_learns_page_closed",
        file="app/connections.py",
        old="""\
        del self._live[subscriber.number]
        subscriber.stop()
        if not self._live:
            self._everyone_left.set()
""",
        new="""\
        if subscriber.ending is not None:  # forgotten: the peers that vanish without being told to
            del self._live[subscriber.number]
        self._everyone_left.set()  # a drain that hangs would be another defect
""",
    ),
    Defect(
        name="order swapped once in 1000",
        scenario="delivers_a_thousand_in_order",
        file="app/channel.py",
        old="        batch = Batch(messages)\n",
        new="        batch = Batch(messages if self.head % 1000 else [*messages[:-2], *messages[:-3:-1]])\n",
    ),
)


def copy_of(root: Path, folder: Path) -> Path:
    """A copy of the app and its static files, as sound as the original."""
    for part in PARTS:
        shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
