"""Provide the servers of the routes: those that are there, else by apt where that is allowed, else say so.

    python tools/route_servers.py

One line a server; the exit status is 0 even if one is missing, because its cells are then skipped and say why. Packages
of Debian and Ubuntu start what they bring, and these would take ports 80 and 6379 of whoever runs the matrix. So while
they are installed a policy forbids that, as Debian's policy describes it: /usr/sbin/policy-rc.d, which is removed
again. One that somebody else put there is left alone; if it does not forbid it, nothing is installed.
Standard library only.

https://www.debian.org/doc/debian-policy/ch-opersys.html#interfacing-with-init-systems
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import apt

SERVERS = ("nginx", "haproxy", "caddy", "redis-server")  # each is the name of the command and of the package
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on everybody's PATH
POLICY_FILE = Path("/usr/sbin/policy-rc.d")
FORBIDDEN = 101  # what the policy's program ends with where an action is not allowed
POLICY = f"""\
#!/bin/sh
# wirematrix put this here while it installs servers, so that none is started; it may be removed.
exit {FORBIDDEN}
"""
ASK_S = 20


@dataclass(frozen=True)
class Policy:
    """The file that keeps packages from starting services; `root` is what stands before a command that needs root."""

    file: Path
    root: tuple[str, ...]

    @contextmanager
    def none_starts(self) -> Iterator[str | None]:
        """While the body runs no package starts a service; or why that cannot be seen to."""
        mine = not self.file.exists() or self._is_mine()  # a run that was killed may have left ours
        if not mine:
            yield None if self._forbids() else f"{self.file} is there and lets services start"
            return
        with _ended_in_good_order():
            because = self._write()
            try:
                yield because
            finally:
                self._run("rm", "-f", str(self.file))

    def _is_mine(self) -> bool:
        try:
            return self.file.read_text(encoding="utf-8", errors="replace") == POLICY
        except OSError:
            return False

    def _forbids(self) -> bool:
        """Whether somebody's own policy forbids to start one of the servers."""
        return all(self._run(str(self.file), server, "start").returncode == FORBIDDEN for server in SERVERS)

    def _write(self) -> str | None:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="policy-rc.d-") as written:
            written.write(POLICY)
            written.flush()
            done = self._run("install", "-m", "755", written.name, str(self.file))
        return None if done.returncode == 0 else f"{self.file} cannot be written: {done.stderr.strip()}"

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        words = [*self.root, *command]
        return subprocess.run(words, capture_output=True, text=True, timeout=ASK_S, check=False)


def main() -> None:
    """Install what is missing and print a line for each server."""
    root = apt.privilege()
    policy = None if root is None else Policy(POLICY_FILE, root)
    for line in provide(SERVERS, where=where, install=apt.install, policy=policy):
        print(line, flush=True)


def provide(
    servers: Sequence[str],
    *,
    where: Callable[[str], str | None],
    install: Callable[..., str | None],
    policy: Policy | None,
) -> Iterator[str]:
    """A line for each server; those that are missing are installed first, unless there is no policy to do it under."""
    missing = [server for server in servers if where(server) is None]
    reasons = dict.fromkeys(missing, "apt-get may not be used without a password, or is not here")
    if missing and policy is not None:
        with policy.none_starts() as because:
            for server in missing:  # one by one: not every release has each
                if because is None:
                    print(f"installing {server} by apt-get ...", file=sys.stderr, flush=True)
                reasons[server] = because or install(server) or "its package brings no such command"
    for server in servers:
        found = where(server)
        if found is not None:
            yield f"{server:12} ready        {found}"
        else:
            yield f"{server:12} unavailable  {reasons[server]}; install it with: {apt.by_hand(server)}"


def where(server: str) -> str | None:
    """Where a server's command is, also in the folders that only root has on the PATH."""
    return shutil.which(server, path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS)))


@contextmanager
def _ended_in_good_order() -> Iterator[None]:
    """While the body runs a SIGTERM is an exception, so that what was put somewhere is taken away."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
