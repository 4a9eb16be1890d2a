"""The rounds of a comparison: in which order they go, and how one is played."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wirematrix.budgets import LOAD_WORKER
from wirematrix.errors import LoadFailed, WirematrixError
from wirematrix.load import phases
from wirematrix.load.crew import Crew
from wirematrix.load.stage import Played, Stage
from wirematrix.load.target import Target
from wirematrix.load_model import Phase, Round
from wirematrix.load_settings import LoadSettings

PLAYED_BY: Final[Mapping[Phase, Callable[[Stage], Awaitable[Played]]]] = {
    Phase.OPEN: phases.open_all,
    Phase.PACED: phases.paced,
    Phase.SATURATED: phases.saturated,
    Phase.STORM: phases.storm,
    Phase.IDLE: phases.idle,
}
NEED_A_PUBLISHER: Final = frozenset({Phase.PACED, Phase.SATURATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One round that is to be played."""

    tier: str
    subscribers: int
    repeat: int
    position: int  # in its lap


def turns(settings: LoadSettings, tiers: Sequence[str]) -> Iterator[Turn]:
    """All of them: laps of the same subscribers and repeat, in which the tiers follow each other, A B and then B A."""
    for repeat in range(1, settings.repeats + 1):
        for lap, subscribers in enumerate(settings.subscribers):
            order = tiers if (repeat + lap) % 2 else tiers[::-1]
            for position, tier in enumerate(order, 1):
                yield Turn(tier=tier, subscribers=subscribers, repeat=repeat, position=position)


async def play(
    turn: Turn, target: Target, crew: Crew, settings: LoadSettings, began: Callable[[Turn, Phase], None]
) -> Round:
    """One round from the target's start to its end; what goes wrong is its `error`, what was measured before stays."""
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    played: list[Played] = []
    error = ""
    try:
        served = await target.start()
        if served.publish_url is not None:
            await crew.publisher.ask(
                "attach",
                url=served.publish_url,
                payload_bytes=settings.payload,
                seed=settings.seed,
                budget_s=LOAD_WORKER.seconds / 2,
            )
        stage = Stage(tier=target.tier, served=served, crew=crew, settings=settings, subscribers=turn.subscribers)
        for phase, play_phase in PLAYED_BY.items():
            if phase in NEED_A_PUBLISHER and served.publish_url is None:
                continue
            began(turn, phase)
            served.check_alive()
            played.append(await play_phase(stage))
            if played[-1].error:
                raise LoadFailed(played[-1].error)
        served.check_alive()
    except WirematrixError as reason:
        error = str(await target.why(reason))
    finally:
        await _end(target, crew)
    return _round(turn, started, played, error)


async def _end(target: Target, crew: Crew) -> None:
    if not await crew.hang_up():
        await crew.renew()
    await target.close()


def _round(turn: Turn, started: str, played: Sequence[Played], error: str) -> Round:
    figures: dict[str, Any] = {}
    for one in played:
        figures.update({name: rounded(value) for name, value in one.figures.items()})
    return Round(
        tier=turn.tier,
        subscribers=turn.subscribers,
        repeat=turn.repeat,
        position=turn.position,
        started=started,
        figures=figures,
        phases=tuple(one.end for one in played),
        latency_hdr="".join(one.latency_hdr for one in played),
        storm_arrivals=next((one.storm_arrivals for one in played if one.storm_arrivals), ()),
        error=error,
    )


def rounded(value: float | None) -> float | int | None:
    """Five significant digits are more than any of it is worth."""
    return value if value is None or isinstance(value, int) else float(f"{value:.5g}")
