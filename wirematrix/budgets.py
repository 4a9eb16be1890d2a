"""Every waiting time of the machinery, in milliseconds, and the one factor that scales them.

A wait without a budget is a bug, and a budget anywhere else is one, too. Network figures (how long a
refusal lasts, how many bytes before a cut) live in `matrix.yaml`; the app's own times in its settings.
Set `WIREMATRIX_SCALE=2` on a slow machine: every budget doubles, and the factor is part of the run info.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from wirematrix.errors import InvalidInput

SCALE_VARIABLE = "WIREMATRIX_SCALE"
NEAR_MISS_SHARE = 0.8


def scale_factor(text: str | None = None) -> float:
    """The factor all budgets are multiplied with: `WIREMATRIX_SCALE`, 1.0 by default, 0.1 to 100."""
    text = os.environ.get(SCALE_VARIABLE, "1") if text is None else text
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0.1 <= factor <= 100:
        raise InvalidInput(SCALE_VARIABLE, f"got {text!r}", expected="a number from 0.1 to 100")
    return factor


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one named wait may take, before scaling."""

    name: str
    unscaled_ms: float

    @property
    def ms(self) -> float:
        """Milliseconds this wait may take on this machine."""
        return self.unscaled_ms * scale_factor()

    @property
    def seconds(self) -> float:
        """The same in seconds, for asyncio."""
        return self.ms / 1000


# What a page may take.
OPEN = Budget("open", 12_000)  # constructor to `open`; a busy machine, a cold engine
DELIVER = Budget("deliver", 15_000)  # published to seen by the page, nothing broken
BULK = Budget("bulk", 40_000)  # the same for a thousand messages or a megabyte
NOTICE = Budget("notice", 10_000)  # the break to the first sign of it in the page
NOTICE_SILENCE = Budget("notice-silence", 8_000)  # silence has no sign; a watchdog of seconds finds it
REOPEN = Budget("reopen", 20_000)  # the break to `open` again; engines wait 3 to 5 s on their own
RECOVER = Budget("recover", 25_000)  # the break to the last message published meanwhile
SERVER_NOTICE = Budget("server-notice", 10_000)  # the page went away to the server knows
NEVER_REOPENS = Budget("never-reopens", 3_000)  # grace for what must not happen when no fence can show it
ABSENT = Budget("absent", 12_000)  # what an engine has not done after twice the longest default delay, it does not do
FLAPPING = Budget("flapping", 30_000)  # four requests; an engine may wait longer each time
TRIES = Budget("tries", 20_000)  # eight tries without a pause; an engine may make them wait longer each time
MANY_TRIES = Budget("many-tries", 120_000)  # fourteen of them
MINUTE = Budget("minute", 60_000)  # a silence that nobody notices has to be waited for
CLOSE_TIMEOUT = Budget("close-timeout", 90_000)  # a close frame that nobody answers; engines wait up to a minute
HELD_BACK = Budget("held-back", 1_500)  # what waits behind a full pool or a slow peer is watched so long
PRIMING = Budget("priming", 3_000)  # the head of a response is out, and not a byte of its body
BLACKHOLED = Budget("blackholed", 170_000)  # packets are lost for so long; TCP retransmits more and more seldom
IN_BACKGROUND = Budget("in-background", 150_000)  # a page stays hidden; timers of one may wake once a minute
UNANSWERED = Budget("unanswered", 90_000)  # a request that nobody answers; engines wait for minutes, or for ever
BUFFERED = Budget("buffered", 6_000)  # what a server in between has not passed on by then it holds back
IDLE = Budget("idle", 8_000)  # a silence longer than the routes of the matrix allow, which is 5 s
A_MOMENT = Budget("a-moment", 300)  # between two events that an engine fires one after the other

# What an engine may take.
LAUNCH = Budget("launch", 60_000)
NEW_PAGE = Budget("new-page", 45_000)
VIEW = Budget("view", 15_000)  # a view of WebKitGTK that its inspector lists and answers for; tried twice
NAVIGATE = Budget("navigate", 30_000)
EVALUATE = Budget("evaluate", 20_000)  # on top of a wait that runs inside the page
CLOSE_PAGE = Budget("close-page", 15_000)
CLOSE_ENGINE = Budget("close-engine", 20_000)

# What our own processes may take.
SERVICE_START = Budget("service-start", 30_000)
SERVICE_STOP = Budget("service-stop", 10_000)
CONTROL = Budget("control", 15_000)  # one request to /control
# A server drops idle connections after some seconds (uvicorn 5, httpx as well): one that is reused at that very
# moment breaks, and a publish cannot be repeated. So ours are dropped long before; not a wait, and not scaled.
KEEP_ALIVE_S = 1.0
PROXY = Budget("proxy", 10_000)  # opening and closing a fault proxy
ROUTE = Budget("route", 10_000)  # a server between page and app begins to listen, or ends
ATTEMPT = Budget("attempt", 120_000)  # a whole attempt, whatever it waits for: the end of a hung one
ATTEMPT_SOAK = Budget("attempt-soak", 400_000)  # the same for a scenario that is slow by nature
WIRE = Budget("wire", 10_000)  # making a network namespace, losing packets and healing

# What a round under load may take beside what it measures.
LOAD_WORKER = Budget("load-worker", 30_000)  # generator or publisher answers a command
LOAD_OPEN = Budget("load-open", 30_000)  # all subscribers are open
LOAD_SETTLE = Budget("load-settle", 10_000)  # the last message was due, to everybody has it
LOAD_STORM = Budget("load-storm", 20_000)  # all were cut, to all are back
