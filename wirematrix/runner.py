"""The concurrent runner: many cells at once per engine, each with its own page, proxy port and channel.

    agenda ──▶ admission ──▶ scene (page, proxy, app) ──▶ scenario ──▶ verdict

Whenever there is a place for one more, the agenda says which attempt it is for. A crash costs the cells that
were in the page or engine that died; the pool starts the engine again for the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from wirematrix import network, pulse
from wirematrix.admission import Admission, Limits
from wirematrix.agenda import Agenda
from wirematrix.attempts import Job, Stage, not_attempted, not_reached
from wirematrix.conditions import LiveNetwork
from wirematrix.control import control_of
from wirematrix.driver import LiveCell, Node
from wirematrix.engines import Artifacts, LaunchOptions, console_heard, playwright_driver
from wirematrix.errors import EngineUnavailable
from wirematrix.lossy import Wire
from wirematrix.matrix import Matrix
from wirematrix.model import SAME_ORIGIN, Attempt, Build, Cell
from wirematrix.origin import Origin
from wirematrix.pagecell import PageCell
from wirematrix.pool import EnginePool, Lease, Pages
from wirematrix.probe import Probe
from wirematrix.rawcell import RawCell
from wirematrix.resources import Resources
from wirematrix.server import HOST, Command, Server
from wirematrix.services import Nodes, Services
from wirematrix.way import direct, over

PROBE_PAGE = "/static/probe.html#driven"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run was asked to do."""

    command: Command
    launch: Mapping[str, LaunchOptions]
    limits: Limits
    artifacts: Artifacts
    pages: Pages = Pages.REUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who is told what happens while it happens. Called from the runner's thread."""

    expects: Callable[[int], None]  # so many attempts more
    began: Callable[[Job], None]
    ended: Callable[[Attempt], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What the attempts of a run share: the engines and the apps."""

    pools: Mapping[str, EnginePool]
    services: Services


class Runner:
    """Makes attempts; knows nothing of pytest. One per run and per asyncio loop."""

    def __init__(self, matrix: Matrix, options: RunOptions, watcher: Watcher) -> None:
        self._matrix = matrix
        self._options = options
        self._watcher = watcher
        self._channels = itertools.count(1)
        self._stopping = False
        self._stages: set[Stage] = set()  # of the attempts that live
        self._up: set[str] = set()  # engines that were launched, or could not be
        self.admission = Admission(options.limits)
        self.resources = Resources(options.command.argv)
        self.builds: dict[str, Build] = {}
        self.unavailable: dict[str, str] = {}

    def stop(self) -> None:
        """Begin no further attempt; those that live are finished."""
        self._stopping = True

    async def run(self, agenda: Agenda) -> None:
        """Make every attempt, then alone those that are tried again, then end every process."""
        services = Services(self._options.command)
        if any(map(self._loses_packets, agenda.cells)):
            await services.wires.string()  # before any engine starts, see lossy.py
        background = [
            asyncio.create_task(self.admission.govern(), name="admission"),
            asyncio.create_task(self.resources.sample(), name="resources"),
            asyncio.create_task(pulse.watch(self._held_up), name="pulse"),
        ]
        try:
            async with playwright_driver() as playwright:
                launch = self._options.launch.items()
                pools = {engine: EnginePool(playwright, engine, options) for engine, options in launch}
                machines = Machines(pools=pools, services=services)
                try:
                    await self._make_among_others(agenda, machines)
                    await self._make_alone(agenda, machines)
                finally:
                    for pool in pools.values():
                        await pool.close()
                    self.resources.take(memory=False)  # the driver has waited for its engines and is still there
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await services.close()
            self.resources.take(memory=False)

    def _loses_packets(self, cell: Cell) -> bool:
        return isinstance(self._matrix.network(cell.network).recipe, network.PacketLoss)

    async def _make_among_others(self, agenda: Agenda, machines: Machines) -> None:
        """Many at once, as admission allows; each engine joins when it is up."""
        self._watcher.expects(agenda.left)
        self._tell_unreached(agenda)
        async with asyncio.TaskGroup() as live:
            for engine in agenda.engines:
                live.create_task(self._launch(engine, machines.pools[engine]), name=f"launch {engine}")
            while job := await self.admission.admit(
                lambda: agenda.take(self._up), over=lambda: self._stopping or not agenda.to_begin
            ):
                live.create_task(self._admitted(job, agenda, machines), name=job.cell.id)

    async def _make_alone(self, agenda: Agenda, machines: Machines) -> None:
        """One after the other, with nothing else running but the engine of the cell."""
        engine = ""
        retries = () if self._stopping else agenda.retries()
        self._watcher.expects(len(retries))
        for job in retries:
            if self._stopping:
                return
            if job.cell.engine != engine:
                engine = job.cell.engine
                for pool in machines.pools.values():
                    await pool.close()
            await self._make(job, agenda, machines)

    async def _launch(self, engine: str, pool: EnginePool) -> None:
        """Have an engine up before its first cell takes a place; what is wrong with it its cells will say."""
        if self._options.pages is not Pages.ENGINE:
            with contextlib.suppress(Exception):
                await pool.warm()
        self._up.add(engine)
        await self.admission.tell()

    async def _admitted(self, job: Job, agenda: Agenda, machines: Machines) -> None:
        try:
            await self._make(job, agenda, machines)
        finally:
            await self.admission.leave()

    async def _make(self, job: Job, agenda: Agenda, machines: Machines) -> None:
        self._watcher.began(job)
        self._note(await self._attempt(job, machines), agenda)
        self._tell_unreached(agenda)

    def _tell_unreached(self, agenda: Agenda) -> None:
        """Attempts that are not made, because what they build on failed."""
        for job, needed in agenda.unreached():
            self._watcher.began(job)
            build = self.builds.get(job.cell.engine)
            self._note(not_reached(job, needed, self._matrix.expectation_for(job.cell, build)), agenda)

    def _note(self, attempt: Attempt, agenda: Agenda) -> None:
        agenda.ended(attempt)
        self._watcher.ended(attempt)

    async def _attempt(self, job: Job, machines: Machines) -> Attempt:
        if job.cell.engine in self.unavailable:
            return self._skipped(job)
        stage = Stage(job)
        self._stages.add(stage)
        try:
            await self._play(stage, machines)
        except EngineUnavailable as missing:
            self.unavailable[job.cell.engine] = str(missing)
            return self._skipped(job)
        except Exception as broken:  # noqa: BLE001 - whatever our machinery raises is an `error`, never a verdict
            stage.fails_to_start(broken)
        finally:
            self._stages.discard(stage)
        return self._judged(stage)

    def _held_up(self, late_ms: float) -> None:
        for stage in self._stages:
            stage.held_up(late_ms)

    def _judged(self, stage: Stage) -> Attempt:
        cell = stage.job.cell
        return stage.attempt(self._matrix.expectation_for(cell, self.builds.get(cell.engine)))

    def _is_unexpected(self, stage: Stage) -> bool:
        return not self._judged(stage).verdict.expected

    def _skipped(self, job: Job) -> Attempt:
        return not_attempted(job, self.unavailable[job.cell.engine], self._matrix.expectation_for(job.cell, None))

    async def _play(self, stage: Stage, machines: Machines) -> None:
        """Set the scene, let the scenario play, and clear the stage whatever happened."""
        job = stage.job
        pool = machines.pools[job.cell.engine]
        async with contextlib.AsyncExitStack() as scene:
            wire = (
                await scene.enter_async_context(machines.services.wires.lent())
                if self._loses_packets(job.cell)
                else None
            )
            if job.scenario.launch is not None:
                await pool.prepare(job.scenario.launch)
            async with self.admission.beginning():
                pages = Pages.ENGINE if job.scenario.own_engine else self._options.pages
                lease = await pool.lease(pages, job.scenario.launch)
                scene.push_async_callback(pool.give_back, lease, lambda: stage.clean)
                self.builds.setdefault(job.cell.engine, lease.build)
                if lease.engine.special:
                    changes = lease.engine.special_changes
                    stage.recorder.observe("driver", "launch", special=str(lease.engine.special), changes=changes)
                await scene.enter_async_context(
                    self._options.artifacts.kept(
                        lease.page, job.folder_name, lambda: self._is_unexpected(stage), stage.artifacts.append
                    )
                )
                scene.enter_context(console_heard(lease.page.page, stage.recorder))
                probe = Probe(lease.page, stage.recorder)
                live: PageCell
                if job.scenario.raw:
                    live = await self._raw_cell(stage, lease, probe, scene, machines, wire)
                else:
                    live = await self._app_cell(stage, lease, probe, scene, machines, wire)
            await stage.play(live)

    async def _raw_cell(
        self,
        stage: Stage,
        lease: Lease,
        probe: Probe,
        scene: contextlib.AsyncExitStack,
        machines: Machines,
        wire: Wire | None,
    ) -> RawCell:
        """The page beside an origin of its own."""

        def observe(kind: str, /, **detail: object) -> None:
            stage.recorder.observe("server", kind, at_ms=None, **detail)

        host, netns = (wire.host, wire.netns) if wire else (HOST, None)
        origin = await Origin.start(machines.services.pages, observe, host, netns=netns)
        scene.push_async_callback(origin.close)
        via = self._matrix.network(stage.job.cell.network).via
        found = (origin.host, origin.port)
        way = (
            await scene.enter_async_context(over(via, [found], stage.recorder, machines.services.certificate))
            if via
            else None
        )
        live = RawCell(
            stage.job.cell,
            origin=origin,
            wire=wire,
            way=way,
            page=lease.page,
            probe=probe,
            recorder=stage.recorder,
            waits=stage.waits,
        )
        await live.visit()
        return live

    async def _app_cell(
        self,
        stage: Stage,
        lease: Lease,
        probe: Probe,
        scene: contextlib.AsyncExitStack,
        machines: Machines,
        wire: Wire | None,
    ) -> LiveCell:
        """The page behind the fault proxy of our app."""
        cell = stage.job.cell
        condition = self._matrix.network(cell.network)
        via = condition.via
        nodes = await scene.enter_async_context(self._lent(condition, machines.services))
        found = [(HOST, server.port) for server in nodes.servers]
        way = await scene.enter_async_context(
            over(via, found, stage.recorder, machines.services.certificate)
            if via and not via.route.middleware
            else direct(found[0], stage.recorder, wire)
        )
        live = await self._live_cell(stage, lease, probe, scene, nodes.servers)
        for server in nodes.servers:
            scene.callback(server.forget, live.channel)
        live.network = LiveNetwork(
            condition,
            way=way,
            server=nodes.servers[0],
            recorder=stage.recorder,
            waits=stage.waits,
            probe=probe,
            wire=wire,
            nudge=live.publish,
        )
        live.network.redis = nodes.redis
        origin = way.origin
        if cell.relation != SAME_ORIGIN:  # the page comes from the app itself, its streams go by the proxy
            origin, live.base = f"http://{HOST}:{found[0][1]}", f"{way.origin}/"
        await probe.visit(f"{origin}{PROBE_PAGE}", needs=cell.transport.rstrip("+"))
        await live.network.stand()
        return live

    @staticmethod
    @contextlib.asynccontextmanager
    async def _lent(condition: network.Network, services: Services) -> AsyncIterator[Nodes]:
        """The app processes that a network leads to: the shared one, one of its own, or the nodes behind a balancer."""
        via = condition.via
        if via and via.route.apps > 1:
            async with services.lent_nodes(via.route.apps, via.feed) as nodes:
                yield nodes
            return
        alone = isinstance(condition.recipe, network.Restart)
        async with services.lent(alone=alone, middleware=via.route.middleware if via else "") as server:
            yield Nodes([server], None)

    async def _live_cell(
        self,
        stage: Stage,
        lease: Lease,
        probe: Probe,
        scene: contextlib.AsyncExitStack,
        servers: Sequence[Server],
    ) -> LiveCell:
        channel = f"c{next(self._channels)}"
        recorder = stage.recorder

        def heard(node: Mapping[str, int], fact: Mapping[str, object]) -> None:
            detail = {name: value for name, value in fact.items() if name not in ("at", "kind", "channel")}
            at_ms = recorder.from_epoch_ms(float(str(fact["at"])))
            recorder.observe("server", str(fact["kind"]), at_ms=at_ms, **detail, **node)

        for number, server in enumerate(servers, 1):
            for name in (channel, f"private-{channel}"):
                server.listen_to(name, partial(heard, {"node": number} if len(servers) > 1 else {}))
        return LiveCell(
            stage.job.cell,
            channel=channel,
            page=lease.page,
            probe=probe,
            nodes=[
                Node(server, await scene.enter_async_context(control_of(server.origin, channel))) for server in servers
            ],
            recorder=recorder,
            waits=stage.waits,
        )
