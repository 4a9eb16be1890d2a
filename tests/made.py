"""Cells, jobs and attempts that are made of nothing but words, for tests of order and of what attempts say together."""

from __future__ import annotations

from wirematrix.attempts import Job, Scenario
from wirematrix.model import Attempt, Cell, Expectation, Kind, ScenarioText, Status, Verdict


def cell(scenario: str = "opens", engine: str = "firefox", transport: str = "websocket") -> Cell:
    """A cell over the direct network."""
    return Cell(scenario=scenario, engine=engine, transport=transport, network="direct")


async def nothing(_: object) -> None:
    """A scenario that nobody plays."""


def job(of: Cell, *, number: int = 1, isolated: bool = False) -> Job:
    """An attempt to be made of a cell."""
    text = ScenarioText(name=of.scenario, group="", title="", story="", kind=Kind.REQUIRED, source="")
    return Job(cell=of, scenario=Scenario(text=text, play=nothing), number=number, isolated=isolated)


def attempt(
    of: Cell,
    status: Status = Status.PASS,
    number: int = 1,
    *,
    isolated: bool = False,
    expectation: Expectation = Expectation(),  # noqa: B008 - frozen
) -> Attempt:
    """An attempt that ended so, where by default a pass was expected."""
    return Attempt(
        cell=of,
        number=number,
        started="2026-01-31T12:00:00+00:00",
        duration_ms=1.0,
        verdict=Verdict(status=status, because="so it was told", expectation=expectation),
        metrics={},
        timeline=(),
        isolated=isolated,
    )
