"""A crowd of subscribers: what keeps one from coming back is the server's doing or our own mistake, never mixed up."""

from __future__ import annotations

import asyncio

import pytest

from wirematrix.load.crowd import Crowd, Seat
from wirematrix.load.receivers import Door
from wirematrix.load.stream import NotOpened
from wirematrix.load_model import LoadTransport

NOWHERE = Door(transport=LoadTransport.SSE, host="127.0.0.1", port=1, target="/", compressed=False)


def refused_by(crowd: Crowd, problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new connection of the crowd ends with this."""

    async def connect(_seat: Seat, *, resume: str, budget_s: float) -> int:
        raise problem

    monkeypatch.setattr(crowd, "_connect", connect)


def storm(crowd: Crowd) -> list[int]:
    """When who was back of a storm that may last a moment."""
    return asyncio.run(crowd.storm(delay_s=0.005, resume=False, budget_s=0.05))[1]


def test_a_refusal_is_somebody_who_is_not_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is refused tries again until the time is over, and is then missing."""
    crowd = Crowd(NOWHERE, 2)
    refused_by(crowd, NotOpened("answered 503"), monkeypatch)
    assert storm(crowd) == []


def test_a_mistake_of_ours_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no refusal is raised, so that no server is said not to have let somebody in."""
    crowd = Crowd(NOWHERE, 2)
    refused_by(crowd, ZeroDivisionError("a mistake of ours"), monkeypatch)
    with pytest.raises(ZeroDivisionError):
        storm(crowd)
