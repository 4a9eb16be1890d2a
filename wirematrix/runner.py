"""The concurrent runner: many cells at once per engine, each with its own page, proxy port and channel.

    jobs ──▶ a queue per engine ──▶ lanes ──▶ admission ──▶ scene (page, proxy, app) ──▶ scenario ──▶ verdict

A lane takes the next job of its engine, waits for a place, sets the scene and makes the attempt. A crash
costs the cells that were in the page or engine that died; the pool starts the engine again for the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from wirematrix import network
from wirematrix.admission import Admission, Limits
from wirematrix.attempts import Job, Stage, not_attempted
from wirematrix.budgets import PROXY
from wirematrix.conditions import LiveNetwork
from wirematrix.control import Control
from wirematrix.driver import LiveCell
from wirematrix.engines import Artifacts, LaunchOptions, playwright_driver
from wirematrix.errors import BudgetSpent, EngineUnavailable
from wirematrix.matrix import Matrix
from wirematrix.model import SAME_ORIGIN, Attempt, Build
from wirematrix.origin import Origin
from wirematrix.pagecell import PageCell
from wirematrix.pool import EnginePool, Lease, Pages
from wirematrix.probe import Probe
from wirematrix.proxy import FaultProxy
from wirematrix.rawcell import RawCell
from wirematrix.resources import Resources
from wirematrix.server import HOST, Command, Server
from wirematrix.services import Services

# A server drops idle connections after some seconds (uvicorn 5, httpx as well): one that is reused at that very
# moment breaks, and a publish cannot be repeated. So ours are dropped long before.
KEEP_ALIVE = httpx.Limits(keepalive_expiry=1.0)
PROBE_PAGE = "/static/probe.html#driven"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run was asked to do."""

    command: Command
    launch: Mapping[str, LaunchOptions]
    limits: Limits
    artifacts: Artifacts
    pages: Pages = Pages.REUSED


class Runner:
    """Makes attempts; knows nothing of pytest. One per run and per asyncio loop."""

    def __init__(
        self,
        matrix: Matrix,
        options: RunOptions,
        *,
        began: Callable[[Job], None],
        ended: Callable[[Job, Attempt], None],
    ) -> None:
        self._matrix = matrix
        self._options = options
        self._began = began
        self._ended = ended
        self._channels = itertools.count(1)
        self._stopping = False
        self.admission = Admission(options.limits)
        self.resources = Resources()
        self.builds: dict[str, Build] = {}
        self.unavailable: dict[str, str] = {}

    def stop(self) -> None:
        """Begin no further attempt; those that live are finished."""
        self._stopping = True

    async def run(self, jobs: Sequence[Job]) -> None:
        """Make every attempt, then end every process."""
        queues: dict[str, deque[Job]] = {}
        for job in jobs:
            queues.setdefault(job.cell.engine, deque()).append(job)
        services = Services(self._options.command)
        background = [
            asyncio.create_task(self.admission.govern(), name="admission"),
            asyncio.create_task(self.resources.sample(), name="resources"),
        ]
        try:
            async with httpx.AsyncClient(trust_env=False, limits=KEEP_ALIVE) as http, playwright_driver() as playwright:
                pools = {engine: EnginePool(playwright, engine, self._options.launch[engine]) for engine in queues}
                try:
                    async with asyncio.TaskGroup() as lanes:
                        for engine, queue in queues.items():
                            for _ in range(min(len(queue), self._options.limits.most)):
                                lanes.create_task(
                                    self._lane(queue, pools[engine], services, http), name=f"lane {engine}"
                                )
                finally:
                    self.resources.take(memory=False)
                    for pool in pools.values():
                        await pool.close()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await services.close()

    async def _lane(self, queue: deque[Job], pool: EnginePool, services: Services, http: httpx.AsyncClient) -> None:
        while queue and not self._stopping:
            async with self.admission.admitted():
                if not queue or self._stopping:
                    return
                job = queue.popleft()
                self._began(job)
                self._ended(job, await self._attempt(job, pool, services, http))

    async def _attempt(self, job: Job, pool: EnginePool, services: Services, http: httpx.AsyncClient) -> Attempt:
        if job.cell.engine in self.unavailable:
            return self._skipped(job)
        stage = Stage(job)
        try:
            await self._play(stage, pool, services, http)
        except EngineUnavailable as missing:
            self.unavailable[job.cell.engine] = str(missing)
            return self._skipped(job)
        except Exception as broken:  # noqa: BLE001 - whatever our machinery raises is an `error`, never a verdict
            stage.fails_to_start(broken)
        return self._judged(stage)

    def _judged(self, stage: Stage) -> Attempt:
        cell = stage.job.cell
        return stage.attempt(self._matrix.expectation_for(cell, self.builds.get(cell.engine)))

    def _is_unexpected(self, stage: Stage) -> bool:
        return not self._judged(stage).verdict.expected

    def _skipped(self, job: Job) -> Attempt:
        return not_attempted(job, self.unavailable[job.cell.engine], self._matrix.expectation_for(job.cell, None))

    async def _play(self, stage: Stage, pool: EnginePool, services: Services, http: httpx.AsyncClient) -> None:
        """Set the scene, let the scenario play, and clear the stage whatever happened."""
        job = stage.job
        async with contextlib.AsyncExitStack() as scene:
            async with self.admission.beginning():
                lease = await pool.lease(Pages.ENGINE if job.scenario.own_engine else self._options.pages)
                scene.push_async_callback(pool.give_back, lease, lambda: stage.clean)
                self.builds.setdefault(job.cell.engine, lease.build)
                await scene.enter_async_context(
                    self._options.artifacts.kept(lease.page, job.cell.folder_name, lambda: self._is_unexpected(stage))
                )
                probe = Probe(lease.page, stage.recorder)
                live: PageCell
                if job.scenario.raw:
                    live = await self._raw_cell(stage, lease, probe, scene)
                else:
                    live = await self._app_cell(stage, lease, probe, scene, services, http)
            await stage.play(live)

    async def _raw_cell(self, stage: Stage, lease: Lease, probe: Probe, scene: contextlib.AsyncExitStack) -> RawCell:
        """The page beside an origin of its own."""

        def observe(kind: str, /, **detail: object) -> None:
            stage.recorder.observe("server", kind, at_ms=None, **detail)

        origin = await Origin.start(self._options.command.folder / "static", observe)
        scene.push_async_callback(origin.close)
        live = RawCell(
            stage.job.cell,
            origin=origin,
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
        services: Services,
        http: httpx.AsyncClient,
    ) -> LiveCell:
        """The page behind the fault proxy of our app."""
        cell = stage.job.cell
        condition = self._matrix.network(cell.network)
        server = await scene.enter_async_context(services.lent(alone=isinstance(condition.recipe, network.Restart)))
        proxy = await self._proxy(stage, server)
        scene.push_async_callback(proxy.close)
        live = self._live_cell(stage, lease, probe, server, http)
        scene.callback(server.forget, live.channel)
        live.network = LiveNetwork(
            condition,
            proxy=proxy,
            server=server,
            recorder=stage.recorder,
            waits=stage.waits,
            probe=probe,
            nudge=live.publish,
        )
        port = proxy.port
        if cell.relation != SAME_ORIGIN:  # the page comes from the app itself, its streams go by the proxy
            port, live.base = server.port, f"http://{HOST}:{proxy.port}/"
        await probe.visit(f"http://{HOST}:{port}{PROBE_PAGE}", needs=cell.transport.rstrip("+"))
        await live.network.stand()
        return live

    async def _proxy(self, stage: Stage, server: Server) -> FaultProxy:
        def observe(kind: str, /, **detail: object) -> None:
            stage.recorder.observe("link", kind, at_ms=None, **detail)

        try:
            async with asyncio.timeout(PROXY.seconds):
                return await FaultProxy.start((HOST, server.port), observe)
        except TimeoutError:
            raise BudgetSpent("the fault proxy to listen", budget_ms=PROXY.ms, came="it did not") from None

    def _live_cell(self, stage: Stage, lease: Lease, probe: Probe, server: Server, http: httpx.AsyncClient) -> LiveCell:
        channel = f"c{next(self._channels)}"
        recorder = stage.recorder

        def heard(fact: Mapping[str, object]) -> None:
            detail = {name: value for name, value in fact.items() if name not in ("at", "kind", "channel")}
            at_ms = recorder.from_epoch_ms(float(str(fact["at"])))
            recorder.observe("server", str(fact["kind"]), at_ms=at_ms, **detail)

        for name in (channel, f"private-{channel}"):
            server.listen_to(name, heard)
        return LiveCell(
            stage.job.cell,
            channel=channel,
            page=lease.page,
            probe=probe,
            server=server,
            control=Control(http, server.origin, channel),
            recorder=recorder,
            waits=stage.waits,
        )
