"""Who was the limit of a phase, by what processes used and waited for."""

from __future__ import annotations

import pytest

from wirematrix.load.kernel import CpuTime
from wirematrix.load.limits import Spent, phase_end
from wirematrix.load_model import Limit, Phase

WALL_NS = 1_000_000_000


def cpu(busy: float, waited: float | None = 0.0) -> CpuTime:
    """A process that was busy, and waited for a core, for these shares of the time."""
    return CpuTime(busy_ns=round(busy * WALL_NS), waited_ns=None if waited is None else round(waited * WALL_NS))


@pytest.mark.parametrize(
    ("server", "generators", "cores_busy", "delivered", "late", "limit"),
    [
        (cpu(0.3), [cpu(0.2)], 0.5, 1.0, 0.1, Limit.NONE),
        (cpu(0.95), [cpu(0.2)], 0.7, 1.0, 0.1, Limit.SERVER),
        (cpu(0.3), [cpu(0.2)], 0.5, 0.9, 0.1, Limit.SERVER),
        (cpu(0.3), [cpu(0.2)], 0.5, None, 0.0, Limit.NONE),
        (cpu(0.95), [cpu(0.85)], 0.9, 0.5, 0.1, Limit.GENERATOR),
        (cpu(0.3), [cpu(0.1), cpu(0.85)], 0.9, 1.0, 0.1, Limit.GENERATOR),
        (cpu(0.95, 0.3), [cpu(0.5)], 0.9, 0.5, 0.1, Limit.MACHINE),
        (cpu(0.95), [cpu(0.5, 0.3)], 0.9, 0.5, 0.1, Limit.MACHINE),
        (cpu(0.95), [cpu(0.5)], 1.0, 1.0, 0.1, Limit.SERVER),  # busy cores for which nobody waited
        (cpu(0.5, None), [cpu(0.5, None)], 0.99, 1.0, 0.1, Limit.MACHINE),  # nobody counts the waiting
        (cpu(0.3), [cpu(0.2)], 0.5, 0.5, 1.5, Limit.MACHINE),
        (None, [cpu(0.2)], 0.5, 1.0, 0.1, Limit.NONE),
    ],
)
def test_limit_is_found_by_what_was_used(
    server: CpuTime | None,
    generators: list[CpuTime],
    cores_busy: float,
    delivered: float | None,
    late: float,
    limit: Limit,
) -> None:
    """The generator comes first, then the machine, then the server; each is named in a sentence with numbers."""
    spent = Spent(
        wall_ns=WALL_NS,
        server=server,
        generators=generators,
        cores_busy=cores_busy,
        delivered=delivered,
        late_intervals=late,
    )
    end = phase_end(Phase.PACED, spent)
    assert end.limit is limit
    assert "the generator was busy" in end.because
    assert ("; " in end.because) == (limit is not Limit.NONE)
