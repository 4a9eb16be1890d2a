"""What was found out about browsers and need not be found out again: one small JSON file inside the environment.

A fact is remembered under a key and holds as long as its `of` (a version, a time stamp, a setting) stays the same; a
failure holds for a day. Deleting the environment forgets everything.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

DAY_S = 86_400


class Memory:
    """Facts by key, written back at once; an unreadable file is an empty one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        self._known: dict[str, dict[str, str]] = known if isinstance(known, dict) else {}

    def recall(self, key: str, *, of: str) -> str | None:
        """The fact, unless what it is about has changed meanwhile."""
        fact = self._known.get(key, {})
        return fact.get("fact") if fact.get("of") == of else None

    def keep(self, key: str, fact: str, *, of: str) -> str:
        """Remember a fact about `of`, and return it."""
        self._known[key] = {"of": of, "fact": fact}
        self._write()
        return fact

    def recall_failure(self, key: str, *, of: str) -> str | None:
        """Why the thing failed within the last day under the same settings; None if it may be tried (again)."""
        fact = self._known.get(f"failed {key}", {})
        if fact.get("of") != of or not 0 <= time.time() - float(fact.get("at", "0")) < DAY_S:
            return None
        return fact.get("fact")

    def keep_failure(self, key: str, because: str, *, of: str) -> str:
        """Remember for a day that the thing failed, and return the reason."""
        self._known[f"failed {key}"] = {"of": of, "fact": because, "at": str(time.time())}
        self._write()
        return because

    def forget_failures(self) -> None:
        """Let everything be tried again."""
        self._known = {key: fact for key, fact in self._known.items() if not key.startswith("failed ")}
        self._write()

    def _write(self) -> None:
        self._file.write_text(json.dumps(self._known, indent=1, sort_keys=True), encoding="utf-8")
