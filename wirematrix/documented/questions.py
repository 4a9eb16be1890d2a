"""`questions.yaml`: which features of MDN's data are asked for, and which observation of the matrix answers for each.

An answer is a cell that holds or does not, or a fact whose words say that the feature works or that it is lacking.
Words are patterns in which `*` stands for anything; a word that no pattern knows is an observation of something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from wirematrix import yamlfile
from wirematrix.errors import InvalidInput
from wirematrix.model import ENGINES, RELATIONS, SAME_ORIGIN, TRANSPORTS
from wirematrix.nodes import Node

FILE: Final = "questions.yaml"
DIRECT: Final = "direct"


class Whose(StrEnum):
    """Whose doing it is that documentation and observation disagree."""

    OURS = "ours"
    MDN = "MDN"
    PORT = "port"
    ENGINE = "engine"


WHOSE_MEANS: Final[Mapping[Whose, str]] = {
    Whose.OURS: "our conditions or our question: the feature is there, and what we look at does not show it",
    Whose.MDN: "the data says something that is not, or not any more, so",
    Whose.PORT: "MDN documents the browser, and this build is another one of the same engine",
    Whose.ENGINE: "the engine departs from the standard in what MDN counts as supported",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something observed that answers: a cell, or with `fact` one of its facts."""

    scenario: str
    transport: str
    network: str = DIRECT
    relation: str = SAME_ORIGIN
    fact: str = ""
    works: tuple[str, ...] = ()  # patterns of words
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a known disagreement is there, in the engines that it is known of."""

    engines: tuple[str, ...]
    whose: Whose
    because: str
    see: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A feature, and what answers for it; without pieces, why nothing does."""

    group: str
    feature: str
    pieces: tuple[Piece, ...] = ()
    unobserved: str = ""
    explained: tuple[Explanation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """All of them in the file's order, each feature once."""

    all: tuple[Question, ...]


@cache
def questions() -> Questions:
    """The questions that this version of the program asks."""
    return parse((files(__package__) / FILE).read_bytes(), FILE)


def parse(content: bytes, file: str) -> Questions:
    """The questions of a file; InvalidInput names line and key of what cannot be used."""
    found: dict[str, Question] = {}
    for group, entry in yamlfile.parse(content, file).entries().items():
        for item in entry.items():
            question = _question(group, item)
            if question.feature in found:
                raise item.wrong(f"{question.feature} is asked for twice", expected="each feature once")
            found[question.feature] = question
    if not found:
        raise InvalidInput(file, "asks for nothing", expected="at least one feature")
    return Questions(all=tuple(found.values()))


def _question(group: str, node: Node) -> Question:
    keys = node.fields(("feature",), ("observed", "unobserved", "explained"))
    if ("observed" in keys) == ("unobserved" in keys):
        problem = "has both observed and unobserved" if "observed" in keys else "says nothing of an observation"
        raise node.wrong(problem, expected="observed, or unobserved with the reason why nothing answers")
    return Question(
        group=group,
        feature=keys["feature"].line_of_text(),
        pieces=tuple(_pieces(keys["observed"])) if "observed" in keys else (),
        unobserved=keys["unobserved"].reason() if "unobserved" in keys else "",
        explained=tuple(map(_explanation, keys["explained"].items())) if "explained" in keys else (),
    )


def _pieces(node: Node) -> Iterator[Piece]:
    items = node.items()
    if not items:
        raise node.wrong("nothing is listed", expected="at least one cell or fact")
    for item in items:
        keys = item.fields(("scenario", "transport"), ("network", "relation", "fact", "works", "lacks"))
        if ("fact" in keys) != ("works" in keys):
            raise item.wrong("names a fact or words, not both", expected="fact with works, or neither for the cell")
        yield Piece(
            scenario=keys["scenario"].line_of_text(),
            transport=keys["transport"].one_of("transport", TRANSPORTS),
            network=keys["network"].line_of_text() if "network" in keys else DIRECT,
            relation=keys["relation"].one_of("relation", RELATIONS) if "relation" in keys else SAME_ORIGIN,
            fact=keys["fact"].line_of_text() if "fact" in keys else "",
            works=_patterns(keys.get("works")),
            lacks=_patterns(keys.get("lacks")),
        )


def _patterns(node: Node | None) -> tuple[str, ...]:
    return tuple(item.line_of_text() for item in node.items()) if node else ()


def _explanation(node: Node) -> Explanation:
    keys = node.fields(("engines", "whose", "because"), ("see",))
    return Explanation(
        engines=keys["engines"].some_of("engine", ENGINES),
        whose=Whose(keys["whose"].one_of("word", tuple(map(str, Whose)))),
        because=keys["because"].reason(),
        see=keys["see"].line_of_text() if "see" in keys else "",
    )
