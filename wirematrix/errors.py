"""The exception tree: what can go wrong that is nobody's verdict.

Every exception keeps the facts it was raised with and builds its own text: lower case, no full stop,
`<where>: <what>; expected <x>, got <y>`. None of them ever stands for a browser's behaviour.
"""

from __future__ import annotations


class WirematrixError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidInput(WirematrixError):
    """Something a person wrote (YAML, option, run file) cannot be used.

    `where` names the place (file, line, key), `problem` the value, `expected` what is accepted.
    """

    def __init__(self, where: str, problem: str, *, expected: str = "") -> None:
        self.where = where
        self.problem = problem
        self.expected = expected
        super().__init__(where, problem, expected)

    def __str__(self) -> str:
        tail = f"; expected {self.expected}" if self.expected else ""
        return f"{self.where}: {self.problem}{tail}"


class EngineUnavailable(WirematrixError):
    """No usable build of an engine is on this machine; `remedy` is the one command that mends it."""

    def __init__(self, engine: str, because: str, *, remedy: str) -> None:
        self.engine = engine
        self.because = because
        self.remedy = remedy
        super().__init__(engine, because, remedy)

    def __str__(self) -> str:
        return f"{self.engine}: {self.because}; mend it with: {self.remedy}"


class EngineCrashed(WirematrixError):
    """The engine's process or the page's renderer died under an attempt."""

    def __init__(self, engine: str, because: str) -> None:
        self.engine = engine
        self.because = because
        super().__init__(engine, because)

    def __str__(self) -> str:
        return f"{self.engine} crashed: {self.because}"


class BudgetSpent(WirematrixError):
    """A named wait used up its budget; says what was awaited and what came instead."""

    def __init__(self, awaited: str, *, budget_ms: float, came: str) -> None:
        self.awaited = awaited
        self.budget_ms = budget_ms
        self.came = came
        super().__init__(awaited, budget_ms, came)

    def __str__(self) -> str:
        return f"waited {self.budget_ms:.0f} ms for {self.awaited}; {self.came}"


class OursSpent(BudgetSpent):
    """A wait for our own app process or proxy used up its budget: our fault, wherever it was raised."""


class ServiceDied(WirematrixError):
    """The app process ended while somebody was waiting for it; carries its exit code and last words."""

    def __init__(self, command: str, *, exit_code: int | None, last_words: str) -> None:
        self.command = command
        self.exit_code = exit_code
        self.last_words = last_words
        super().__init__(command, exit_code, last_words)

    def __str__(self) -> str:
        said = f", last words: {self.last_words}" if self.last_words else ""
        return f"app process `{self.command}` ended with exit code {self.exit_code}{said}"


class IntermediaryDied(WirematrixError):
    """A server between page and app or beside the app ended untold: our fault; carries exit code and last words."""

    def __init__(self, program: str, *, exit_code: int | None, last_words: str) -> None:
        self.program = program
        self.exit_code = exit_code
        self.last_words = last_words
        super().__init__(program, exit_code, last_words)

    def __str__(self) -> str:
        said = f", last words: {self.last_words}" if self.last_words else ""
        return f"{self.program} ended with exit code {self.exit_code}{said}"


class ScriptFailed(WirematrixError):
    """A script of an origin raised: our fault, whatever it raised; that is the cause."""

    def __init__(self, place: str, number: int, because: str) -> None:
        self.place = place
        self.number = number
        self.because = because
        super().__init__(place, number, because)

    def __str__(self) -> str:
        return f"origin: the script of {self.place}, request {self.number}: {self.because}"


class ControlRefused(WirematrixError):
    """The app's control interface answered with an error: our fault, never the engine's."""

    def __init__(self, request: str, *, status: int, answer: str) -> None:
        self.request = request
        self.status = status
        self.answer = answer
        super().__init__(request, status, answer)

    def __str__(self) -> str:
        return f"{one_line(self.request)}: answered {self.status}: {self.answer}"


class LoadFailed(WirematrixError):
    """A load round cannot go on: no connection opened, nothing could be published. Ends that round and no other."""

    def __init__(self, because: str) -> None:
        self.because = because
        super().__init__(because)

    def __str__(self) -> str:
        return self.because


def one_line(request: str) -> str:
    """The request shortened to one printable line."""
    return request if len(request) <= 160 else f"{request[:157]}..."


class NotReached(WirematrixError):
    """A scenario's precondition never came about, so what it is about was never tried."""

    def __init__(self, precondition: str, because: str) -> None:
        self.precondition = precondition
        self.because = because
        super().__init__(precondition, because)

    def __str__(self) -> str:
        return f"{self.precondition} never came about: {self.because}"


class Unsupported(WirematrixError):
    """The engine has no such API: said by a probe that is checked itself, never inferred from failing."""

    def __init__(self, engine: str, api: str) -> None:
        self.engine = engine
        self.api = api
        super().__init__(engine, api)

    def __str__(self) -> str:
        return f"{self.engine} has no {self.api}, says the page's probe of the APIs"


class Skipped(WirematrixError):
    """The machine cannot give a cell its meaning, so nothing was tried."""

    def __init__(self, because: str) -> None:
        self.because = because
        super().__init__(because)

    def __str__(self) -> str:
        return self.because
