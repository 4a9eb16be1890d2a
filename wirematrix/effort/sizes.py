"""How much code there is: lines and branches, counted by lizard, for Python and JavaScript alike.

https://github.com/terryyin/lizard; no other module imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import lizard


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a source."""

    lines: int  # with code on them: no blanks, comments and docstrings
    branches: int  # decisions in functions: cyclomatic complexity less one for each function


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function, named or not, and its first and last line, counted from 1."""

    name: str
    first: int
    last: int


@lru_cache(maxsize=64)  # two transports share a server
def size_of(source: str, file: str) -> Size:
    """Measure a source; its language is what the file's name says."""
    measured = lizard.analyze_file.analyze_source_code(file, source)
    branches = sum(function.cyclomatic_complexity - 1 for function in measured.function_list)
    return Size(lines=measured.nloc, branches=branches)


def functions_of(source: str, file: str) -> tuple[Function, ...]:
    """Every function of a source, inner ones included."""
    measured = lizard.analyze_file.analyze_source_code(file, source)
    return tuple(
        Function(name=function.name, first=function.start_line, last=function.end_line)
        for function in measured.function_list
    )
