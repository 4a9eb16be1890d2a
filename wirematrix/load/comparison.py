"""A whole comparison: every round after the other, each written out before the next begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Final, Protocol

from wirematrix.forkserver import ForkServer
from wirematrix.load import catalogue
from wirematrix.load.crew import Crew
from wirematrix.load.rounds import Turn, play, turns
from wirematrix.load.target import ServiceTarget, Target, TierTarget
from wirematrix.load_model import Load, LoadConditions, Phase, Round, Tier
from wirematrix.load_settings import LoadSettings
from wirematrix.server import fork_server

OURS: Final = "tiers of this project"
RECEIVES_WITH: Final = ("httptools", "uvloop", "websockets")


class Watch(Protocol):
    """Whoever wants to know how it goes."""

    def began(self, turn: Turn, phase: Phase) -> None:
        """A phase begins."""

    def ended(self, played: Round) -> None:
        """A round ended."""


class Contest:
    """What is compared: the tiers, and how each is started."""

    def __init__(self, tiers: Sequence[Tier], target: str) -> None:
        self.tiers = tuple(tiers)
        self.target = target

    def make(self, name: str) -> Target:
        """The target of a round."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of what rounds share."""


class OwnTiers(Contest):
    """Tiers of this project, started from `folder`: each round a fresh process, forked from one that has imported."""

    def __init__(self, names: Sequence[str], folder: Path, *, heartbeat_ms: int) -> None:
        self._entries = {entry.tier.name: entry for entry in catalogue.ENTRIES if entry.tier.name in names}
        super().__init__([catalogue.with_versions(entry) for entry in self._entries.values()], OURS)
        self._folder = folder
        self._heartbeat_ms = heartbeat_ms
        self._forks: dict[str, ForkServer | None] = {}

    def make(self, name: str) -> Target:
        """A process of that tier."""
        entry = self._entries[name]
        command = catalogue.command(entry, self._folder, heartbeat_ms=self._heartbeat_ms)
        module = entry.module[0]
        if module not in self._forks:
            self._forks[module] = fork_server(command)
        tier = next(tier for tier in self.tiers if tier.name == name)
        return TierTarget(tier, command, self._forks[module])

    async def close(self) -> None:
        """End the processes that fork."""
        await asyncio.gather(*(forks.close() for forks in self._forks.values() if forks))


class Services(Contest):
    """Services that run already, by URL."""

    def __init__(self, urls: Sequence[tuple[Tier, str]], *, publish_url: str | None, pid: int | None) -> None:
        super().__init__([tier for tier, _ in urls], ", ".join(url for _, url in urls))
        self._targets = {tier.name: ServiceTarget(tier, url, publish_url=publish_url, pid=pid) for tier, url in urls}

    def make(self, name: str) -> Target:
        """The service of that name."""
        return self._targets[name]


class Comparison:
    """Plays the rounds that are not there yet; `keep` is called with everything so far after each."""

    def __init__(
        self,
        contest: Contest,
        settings: LoadSettings,
        *,
        keep: Callable[[Load], None],
        already: Sequence[Round] = (),
    ) -> None:
        self._contest = contest
        self._settings = settings
        self._keep = keep
        self._rounds = [one for one in already if not one.error]

    @property
    def load(self) -> Load:
        """Everything so far."""
        return Load(
            conditions=conditions(self._settings, self._contest.target),
            tiers=self._contest.tiers,
            rounds=tuple(self._rounds),
        )

    @property
    def missing(self) -> list[Turn]:
        """The rounds that are still to be played, in order."""
        names = [tier.name for tier in self._contest.tiers]
        done = {(one.tier, one.subscribers, one.repeat) for one in self._rounds}
        return [turn for turn in turns(self._settings, names) if (turn.tier, turn.subscribers, turn.repeat) not in done]

    async def run(self, watch: Watch) -> None:
        """Play them all."""
        crew = Crew(self._settings.generators)
        async with contextlib.AsyncExitStack() as ending:
            ending.push_async_callback(self._contest.close)
            ending.push_async_callback(crew.close)
            await crew.start()
            for turn in self.missing:
                target = self._contest.make(turn.tier)
                played = await play(turn, target, crew, self._settings, watch.began)
                self._rounds.append(played)
                self._keep(self.load)
                watch.ended(played)


def conditions(settings: LoadSettings, target: str) -> LoadConditions:
    """The settings as the terms that a run file states."""
    receivers = ", ".join(f"{name} {metadata.version(name)}" for name in RECEIVES_WITH)
    return LoadConditions(
        subscribers=settings.subscribers,
        repeats=settings.repeats,
        seed=settings.seed,
        payload_bytes=settings.payload,
        rate_per_s=settings.rate,
        warm_up_s=settings.warm_up,
        window_s=settings.window,
        opening_at_once=settings.opening_at_once,
        storm_delay_ms=settings.storm_delay_ms,
        heartbeat_ms=settings.heartbeat_ms,
        generator=f"wirematrix load on {receivers}; {settings.in_flight} messages in flight at saturation",
        generator_processes=settings.generators,
        target=target,
    )


def continues(load: Load | None, contest: Contest, settings: LoadSettings) -> Sequence[Round]:
    """The rounds of an earlier comparison that can be kept: those on the same terms, of the same tiers."""
    if load is None or load.tiers != contest.tiers:
        return ()
    wanted = conditions(settings, contest.target)
    return load.rounds if replace(load.conditions, repeats=wanted.repeats) == wanted else ()
