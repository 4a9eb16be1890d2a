"""What a case of a check is: see check_cases.py."""

from __future__ import annotations

from dataclasses import dataclass

from tests.timelines import Change
from wirematrix.checks import Check
from wirematrix.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A check, a timeline on which it holds, and what single changes make of it, each with its sentence."""

    check: Check
    timeline: Timeline
    held: str
    broken: tuple[tuple[Change, str], ...]
    undecided: tuple[tuple[Change, str], ...] = ()
