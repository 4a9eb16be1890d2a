"""Packets that are lost: on a live link and on a new one, healed or not, and what is left of a namespace.

Raw sockets at both ends, no browser. Where the machine allows no namespace the tests skip with its reason, but for
those that are about the reasons.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, cast

import pytest

from tests.rawlinks import BIG, BUDGET_S, Peer, Rig, carries
from wirematrix import lossy
from wirematrix.conditions import LiveNetwork
from wirematrix.errors import Skipped, WirematrixError
from wirematrix.faults import Refuse
from wirematrix.lossy import IpFailed, Wire, Wires
from wirematrix.network import Network, PacketLoss
from wirematrix.probe import Probe
from wirematrix.timeline import Recorder
from wirematrix.waits import Waits
from wirematrix.way import Way

pytestmark = pytest.mark.anyio

LOOK_S: Final = 0.01
SYN_SENT: Final = 2  # the kernel's number of the state
TRIES: Final = 2  # retransmissions after which nobody can say that the packet was only slow
STRING: Final = """
import asyncio
from wirematrix.lossy import Wires
async def main():
    wires = Wires()
    await wires.string()
    async with wires.lent() as wire:
        print(wire._link, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
ROOT: Final = Path(__file__).resolve().parent.parent


@pytest.fixture
async def wires() -> AsyncIterator[Wires]:
    """Wires, taken down afterwards."""
    strung = Wires()
    await strung.string()
    if isinstance(strung.refusal, Skipped):
        pytest.skip(str(strung.refusal))
    try:
        yield strung
    finally:
        strung.close()


@pytest.fixture
async def wire(wires: Wires) -> AsyncIterator[Wire]:
    """One wire."""
    async with wires.lent() as one:
        yield one


def state_of(peer: Peer) -> int:
    """The kernel's number for the state of a connection (struct tcp_info in linux/tcp.h)."""
    return peer.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[0]


def unacknowledged(peer: Peer) -> int:
    """Segments that were sent and nobody acknowledged."""
    return int(struct.unpack_from("I", peer.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0])


def retransmissions(peer: Peer) -> int:
    """How often the kernel sent something again, over the life of the connection."""
    return int(struct.unpack_from("I", peer.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0])


async def until(happened: Callable[[], bool]) -> None:
    """The kernel tells nobody when it sends again, so it is asked."""
    async with asyncio.timeout(BUDGET_S):
        while not happened():  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(LOOK_S)


# What is lost


async def test_live_link_stays_open_and_silent(wire: Wire) -> None:
    """On a live link nothing arrives on either side, nothing is acknowledged, and no side hears of an end."""
    async with Rig.running(wire=wire) as rig:
        page, server = await rig.link()
        await carries(page, server)
        before = retransmissions(page)
        async with wire.losing():
            await page.send(b"up")
            await server.send(b"down")
            await until(lambda: retransmissions(page) >= before + TRIES)
            assert unacknowledged(page) > 0
            await rig.fence()
            assert page.quiet()
            assert server.quiet()
            assert rig.of("link-end") == []


async def test_new_connection_hangs(wire: Wire) -> None:
    """A new connection is neither accepted nor refused: its SYN is lost, and sent again when the wire is healed."""
    async with Rig.running(wire=wire) as rig:
        page = rig.peer()
        async with wire.losing():
            connecting = asyncio.ensure_future(rig.connecting(page))
            await until(lambda: retransmissions(page) >= 1)
            assert state_of(page) == SYN_SENT
            assert not connecting.done()
            assert rig.of("link-open") == []
        await asyncio.wait_for(connecting, BUDGET_S)
        server = await rig.upstream.accept()
        await carries(page, server)
        server.close()


async def test_healed_link_delivers_everything_in_order(wire: Wire) -> None:
    """What was sent into the loss arrives after it, unchanged and in order, in both directions."""
    async with Rig.running(wire=wire) as rig:
        page, server = await rig.link()
        async with wire.losing():
            sends = [asyncio.ensure_future(page.send(BIG)), asyncio.ensure_future(server.send(BIG[::-1]))]
            await until(lambda: retransmissions(page) >= 1)
        up, down, *_ = await asyncio.gather(server.read(len(BIG)), page.read(len(BIG)), *sends)
        assert (up, down) == (BIG, BIG[::-1])
        assert rig.of("link-end") == []


async def test_end_is_lost_too(wire: Wire) -> None:
    """A FIN and a RST sent into the loss are not heard of before it is healed."""
    async with Rig.running(wire=wire) as rig:
        page, server = await rig.link()
        await carries(page, server)
        async with wire.losing():
            server.fin()
            await rig.fence()
            assert page.quiet()
        assert await page.ends() == "fin"


async def test_wires_do_not_share_their_loss(wires: Wires) -> None:
    """What one cell loses on its wire, another cell's wire delivers."""
    async with wires.lent() as one, wires.lent() as other:
        assert one.host != other.host
        async with Rig.running(wire=other) as rig, one.losing():
            page, server = await rig.link()
            await carries(page, server)


async def test_port_of_a_wire_can_refuse(wire: Wire) -> None:
    """A port in the namespace stays ours while it refuses, and comes back."""
    async with Rig.running(wire=wire) as rig:
        await rig.proxy.apply(Refuse())
        with pytest.raises(ConnectionRefusedError):
            await rig.page()
        await rig.proxy.heal()
        page, server = await rig.link()
        await carries(page, server)


# What is healed


async def test_loss_ends_with_its_block(wire: Wire) -> None:
    """A scenario that raises in the middle of a loss leaves a healed wire."""

    async def scenario() -> None:
        async with wire.losing():
            raise LookupError

    with pytest.raises(LookupError):
        await scenario()
    async with Rig.running(wire=wire) as rig:
        await carries(*await rig.link())


async def test_wire_is_given_back_healed(wires: Wires) -> None:
    """Whoever is lent a wire next finds it whole, whatever was done to it."""
    async with wires.lent() as wire:
        await wire.lose()
    for _ in range(lossy.WIRES):
        async with wires.lent() as again:
            if again is wire:
                break
    async with Rig.running(wire=wire) as rig:
        await carries(*await rig.link())


# What a cell breaks


def network_over(rig: Rig, recorder: Recorder, wire: Wire | None, *, for_ms: int = 0) -> LiveNetwork:
    """The network of a cell whose page and app are the rig's."""
    nobody = cast("Any", None)
    return LiveNetwork(
        Network(name="lost", title="packets are lost", recipe=PacketLoss(for_ms=for_ms)),
        way=Way(origin="", proxy=rig.proxy, end_kind="link-end", route=None),
        server=nobody,
        recorder=recorder,
        waits=Waits(recorder),
        probe=Probe(nobody, recorder),
        wire=wire,
        nudge=nobody,
    )


async def test_break_of_a_cell_loses_packets(wire: Wire) -> None:
    """In the break nothing arrives, for as long as the condition says; after it everything does, over the same link."""
    recorder = Recorder()
    async with Rig.running(wire=wire) as rig:
        page, server = await rig.link()
        async with network_over(rig, recorder, wire, for_ms=400).broken():
            await page.send(b"up")
            await rig.fence()
            assert server.quiet()
        assert await server.read(2) == b"up"
    broke, mended = (recorder.timeline().first("driver", kind) for kind in ("break", "mended"))
    assert broke
    assert mended
    assert mended.at_ms - broke.at_ms >= 400
    assert mended.detail["cut"] is False


async def test_break_without_a_wire_is_ours() -> None:
    """A cell whose network loses packets and that was given no wire is our mistake."""
    async with Rig.running() as rig:
        with pytest.raises(WirematrixError, match="network 'lost' was given no wire"):
            async with network_over(rig, Recorder(), None).broken():
                pytest.fail("nothing was lost")


# What is left


def is_there(link: str) -> bool:
    """Whether this machine has an interface of that name."""
    return link in [name for _, name in socket.if_nameindex()]


async def test_nothing_is_left_when_closed(wires: Wires) -> None:
    """With the wires the interfaces go; who asks for one afterwards is told."""
    async with wires.lent() as wire:
        link = wire._link
        assert is_there(link)
    wires.close()
    await until(lambda: not is_there(link))
    with pytest.raises(WirematrixError, match="taken down"):
        async with wires.lent():
            pytest.fail("a wire was lent that is not there")


async def test_nothing_is_left_of_a_killed_run(wires: Wires) -> None:
    """A process that is killed with wires strung leaves no interface behind."""
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STRING), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert killed.stdout
    link = (await killed.stdout.readline()).decode().strip()
    assert is_there(link)
    killed.kill()
    await killed.communicate()
    await until(lambda: not is_there(link))


# Why there are none


async def test_nobody_strung_wires() -> None:
    """A run that needs no wires strings none, and says so to who asks."""
    with pytest.raises(Skipped, match="no wires were strung in this run"):
        async with Wires().lent():
            pytest.fail("a wire was lent")


async def test_another_system_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems have no network namespaces: the reason names Linux."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "needs the network namespaces of Linux; this is darwin" in await lossy.why_not()


@pytest.mark.skipif(sys.platform != "linux", reason="the reason would be another one")
async def test_missing_command_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `ip` the reason names the package."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert "apt-get install iproute2" in await lossy.why_not()


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("setpriv"), reason="needs setpriv of util-linux")
async def test_missing_permission_is_the_reason() -> None:
    """A process that may make no namespace, here one whose capability was taken away, says so."""
    asks = "import asyncio; from wirematrix import lossy; print(asyncio.run(lossy.why_not()))"
    drop = ["setpriv", "--bounding-set=-sys_admin"] if os.geteuid() == 0 else []
    asked = await asyncio.to_thread(
        subprocess.run, [*drop, sys.executable, "-c", asks], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "needs a network namespace, which only root may make: Operation not permitted" in asked.stdout


def fake_ip(folder: Path, script: str) -> None:
    """An `ip` that does something else."""
    command = folder / "ip"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


async def test_machine_without_veth_is_the_reason(
    wires: Wires, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that makes no veth pair is a reason to skip, in its own words."""
    fake_ip(tmp_path, 'read -r line; case "$line" in link*) echo "Error: Unknown device type." >&2; exit 1;; esac')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert await lossy.why_not() == (
        "packet loss needs a veth pair, and this machine makes none; ip: Error: Unknown device type."
    )


async def test_what_ought_to_work_is_an_error(wires: Wires, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine allows a namespace and `ip` fails all the same, that is ours and no reason to skip."""
    real = lossy.ip_command()
    fake_ip(
        tmp_path,
        f'read -r line; case "$line" in address*) echo "out of cheese" >&2; exit 1;; esac; echo "$line" | {real} "$@"',
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    others = Wires()
    await others.string()
    with pytest.raises(IpFailed, match="out of cheese"):
        async with others.lent():
            pytest.fail("a wire was lent")


async def test_taken_number_is_passed_over(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs at once get wires of different numbers, and who finds none free says so."""
    async with wires.lent() as wire:
        taken = int(wire._link.removeprefix("lossy"))
    numbers = iter([taken, (taken + 1) % 256])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(numbers))
    others = Wires()
    await others.string()
    assert others.refusal is None
    others.close()
    monkeypatch.setattr(secrets, "randbelow", lambda _: taken)
    await others.string()
    assert "no network of 198.19.0.0/16 is free" in str(others.refusal)
