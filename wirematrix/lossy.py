"""Wires: ways from the page to a server on which packets can be lost without a trace.

    engines, and the rest of this machine            a network namespace of our own
    198.19.n.0 ─┐                                 ┌─ 198.19.n.1      wire 0, lent to one cell
    198.19.n.2 ─┼── lossy<n> ═══ veth ═══ wire ───┼─ 198.19.n.3      wire 1
    198.19.n.4 ─┘                                 └─ 198.19.n.5      ...

A server listens at the far address of a wire: its socket is made by the one thread that lives in the namespace and
belongs to it ever after, while the event loop that serves it stays outside. A wire loses packets by a wrong permanent
neighbour entry at both of its ends: each kernel sends to a link-layer address that nobody has. Nothing is
acknowledged, nobody hears of it, and TCP goes on by retransmission once the wire is healed.

Deliberate decisions:

1. One namespace for a run, strung before the first engine starts: engines watch the machine's interfaces and
   end or look after their connections when one appears. Losing and healing changes no interface, address or route.
2. The namespace has no name. Only the thread and the sockets hold it, so that even a SIGKILL of this process ends it,
   and its end takes both ends of the veth pair along.
3. The addresses are of 198.18.0.0/15, which RFC 2544 sets aside for tests of networks. Nothing leaves the machine.
4. A page at such an address is no secure context; what needs one cannot be tried over a wire.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final

from wirematrix.budgets import WIRE
from wirematrix.errors import Skipped, WirematrixError

CLONE_NEWNET: Final = 0x40000000
WIRES: Final = 64  # more cells than that do not live at once on any machine this was tried on; others wait
NAMES_TRIED: Final = 16
NEAR, FAR, NOBODY = "02:00:5e:10:00:01", "02:00:5e:10:00:02", "02:00:5e:10:00:ff"  # locally administered
FAR_LINK: Final = "wire"


class IpFailed(WirematrixError):
    """The command `ip` failed; carries what it said."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)

    def __str__(self) -> str:
        return f"ip: {self.said}"


class Wire:
    """One pair of addresses between page and server."""

    def __init__(self, near: str, far: str, link: str, netns: Executor) -> None:
        self.host = far  # where a server listens, by a socket made in `netns`
        self.netns = netns
        self._near = near
        self._link = link

    async def lose(self) -> None:
        """From now on every packet between page and server is lost, in both directions. In force on return."""
        await self._point(NOBODY, NOBODY)

    async def heal(self) -> None:
        """Packets arrive again; what was lost comes by the kernels' retransmission, in their own time."""
        await self._point(NEAR, FAR)

    @asynccontextmanager
    async def losing(self) -> AsyncIterator[None]:
        """Lose packets for the length of a block."""
        await self.lose()
        try:
            yield
        finally:
            await self.heal()

    async def _point(self, near: str, far: str) -> None:
        """Which link-layer addresses the two kernels believe the wire's ends to have."""
        await asyncio.gather(
            asyncio.to_thread(ip, f"neigh replace {self.host} lladdr {far} nud permanent dev {self._link}"),
            within(self.netns, f"neigh replace {self._near} lladdr {near} nud permanent dev {FAR_LINK}"),
        )


class Wires:
    """The wires of a run; without any, lending one says why."""

    def __init__(self) -> None:
        self.refusal: WirematrixError | None = Skipped("no wires were strung in this run")  # what asking for one meets
        self._netns: ThreadPoolExecutor | None = None
        self._free: asyncio.Queue[Wire] = asyncio.Queue()

    async def string(self) -> None:
        """Make namespace and wires; never raises.

        Where the machine does not allow it, who asks for a wire hears Skipped with the reason; where it does and `ip`
        fails all the same, IpFailed: that is ours.
        """
        lacking = missing()
        self.refusal = Skipped(lacking) if lacking else None
        if lacking:
            return
        self._netns = ThreadPoolExecutor(1, thread_name_prefix="netns")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._netns, unshare)
            number = await self._pair(self._netns)
            await asyncio.gather(asyncio.to_thread(ip, *near_end(number)), within(self._netns, *far_end(number)))
        except (Skipped, IpFailed) as refusal:
            self.refusal = refusal
            self.close()
        else:
            for near, far in addresses(number):
                self._free.put_nowait(Wire(near, far, link_name(number), self._netns))

    async def _pair(self, netns: Executor) -> int:
        """Make the veth pair under a number that nobody uses; the kernel refuses a name that is taken."""
        outside = os.getpid()
        for _ in range(NAMES_TRIED):
            number = secrets.randbelow(256)
            if await asyncio.to_thread(ip, f"route show table all root {subnet(number)}"):
                continue
            link = f"link add {FAR_LINK} address {FAR} type veth peer name {link_name(number)} address {NEAR}"
            try:
                await within(netns, f"{link} netns {outside}")
            except IpFailed as failed:
                if "exists" not in failed.said:
                    raise Skipped(f"packet loss needs a veth pair, and this machine makes none; {failed}") from failed
            else:
                return number
        raise IpFailed(f"no network of 198.19.0.0/16 is free, of {NAMES_TRIED} that were tried")

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Wire]:
        """A whole wire that nobody else has; it is healed afterwards. Skipped where there are none."""
        if self.refusal:
            raise self.refusal
        wire = await self._free.get()
        try:
            yield wire
        finally:
            await wire.heal()
            self._free.put_nowait(wire)

    def close(self) -> None:
        """Let the namespace go: with the last of its sockets the veth pair vanishes."""
        if self._netns:
            self._netns.shutdown(wait=False, cancel_futures=True)
            self._netns = None
            self.refusal = self.refusal or WirematrixError("the wires of this run were taken down")


def missing() -> str:
    """What this machine lacks for wires, as far as can be told without trying; nothing, if nothing."""
    if sys.platform != "linux":
        return f"packet loss needs the network namespaces of Linux; this is {sys.platform}"
    if not ip_command():
        return "packet loss needs the command `ip`, which is not installed; apt-get install iproute2"
    return ""


async def why_not() -> str:
    """Why packet loss cannot be had on this machine, found out by stringing wires; nothing, if it can."""
    wires = Wires()
    await wires.string()
    refusal = wires.refusal
    wires.close()
    return str(refusal or "")


def unshare() -> None:
    """Move the calling thread into a new network namespace (Python has `os.unshare` since 3.12)."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        said = os.strerror(ctypes.get_errno())
        raise Skipped(f"packet loss needs a network namespace, which only root may make: {said}")


def ip_command() -> str | None:
    """Where `ip` is; it often lies in a folder that only root searches."""
    return shutil.which("ip", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def ip(*commands: str) -> str:
    """Carry out commands of `ip` in the calling thread's namespace, all or up to the first that fails."""
    done = subprocess.run(
        [ip_command() or "ip", "-batch", "-"],
        input="\n".join(commands) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=WIRE.seconds,
    )
    if done.returncode != 0:
        raise IpFailed(" ".join(done.stderr.split()) or f"ip ended with exit code {done.returncode}")
    return done.stdout.strip()


async def within(netns: Executor, *commands: str) -> None:
    """Carry out commands of `ip` in a namespace: a child of a thread is in its thread's."""
    await asyncio.get_running_loop().run_in_executor(netns, ip, *commands)


def link_name(number: int) -> str:
    """The near end's interface; nobody else uses a name twice."""
    return f"lossy{number}"


def subnet(number: int) -> str:
    """All addresses of the wires of one run."""
    return f"198.19.{number}.0/24"


def addresses(number: int) -> Iterator[tuple[str, str]]:
    """Near and far address of each wire."""
    for wire in range(WIRES):
        yield f"198.19.{number}.{2 * wire}", f"198.19.{number}.{2 * wire + 1}"


def near_end(number: int) -> Iterator[str]:
    """What `ip` does where the engines are."""
    link = link_name(number)
    for near, far in addresses(number):
        yield f"address add {near} peer {far}/32 dev {link}"
        yield f"neigh replace {far} lladdr {FAR} nud permanent dev {link}"
    yield f"link set {link} addrgenmode none"
    yield f"link set {link} up"


def far_end(number: int) -> Iterator[str]:
    """What `ip` does in the namespace."""
    for near, far in addresses(number):
        yield f"address add {far} peer {near}/32 dev {FAR_LINK}"
        yield f"neigh replace {near} lladdr {NEAR} nud permanent dev {FAR_LINK}"
    yield f"link set {FAR_LINK} addrgenmode none"
    yield f"link set {FAR_LINK} up"
