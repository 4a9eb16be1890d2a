"""The section `decision:` of a matrix: factors, rules and profiles, each mistake with its place.

Evidence must be rows that the matrix has: an unknown scenario, or a network over which it does not run, is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from wirematrix.decision.model import Decision, Evidence, Factor, Profile, Remedy, Rule
from wirematrix.decision.sources import Known, amount, evidence_of
from wirematrix.nodes import Node

LARGEST_WEIGHT: Final = 1000
FACTORS_OF_THE_CATALOGUE: Final = 25


def parse(node: Node, known: Known) -> Decision:
    """The section; InvalidInput names file, line and key of what cannot be used."""
    top = node.fields(("factors", "rules", "profiles"), ("tiers",))
    known = known.with_tiers(top.get("tiers"))
    factors = tuple(_factors(top["factors"], known))
    rules = tuple(_rules(top["rules"], known))
    names = (tuple(factor.name for factor in factors), tuple(rule.name for rule in rules))
    profiles = tuple(_profiles(top["profiles"], *names, known.engines))
    return Decision(factors=factors, rules=rules, profiles=profiles, place=str(node.place))


def _factors(node: Node, known: Known) -> Iterator[Factor]:
    for name, entry in node.named_entries("factor").items():
        keys = entry.fields(("title",), ("number", "evidence", "unmeasured"))
        if ("evidence" in keys) == ("unmeasured" in keys):
            problem = "has both evidence and unmeasured" if "evidence" in keys else "has no evidence"
            raise entry.wrong(problem, expected="evidence, or unmeasured with the reason why there is none")
        yield Factor(
            name=name,
            title=keys["title"].line_of_text(),
            number=keys["number"].whole(1, FACTORS_OF_THE_CATALOGUE) if "number" in keys else None,
            evidence=_pieces(keys["evidence"], known) if "evidence" in keys else (),
            unmeasured=keys["unmeasured"].reason() if "unmeasured" in keys else "",
            place=str(entry.place),
        )


def _pieces(node: Node, known: Known) -> tuple[Evidence, ...]:
    items = node.items()
    if not items:
        raise node.wrong("no evidence is listed", expected="at least one piece, or unmeasured with the reason")
    return tuple(evidence_of(item, known) for item in items)


def _rules(node: Node, known: Known) -> Iterator[Rule]:
    for name, entry in node.entries().items():
        keys = entry.fields(("title", "evidence"), ("remedy",))
        yield Rule(
            name=name,
            title=keys["title"].line_of_text(),
            evidence=evidence_of(keys["evidence"], known, decides=True),
            remedy=_remedy(keys["remedy"], known) if "remedy" in keys else None,
            place=str(entry.place),
        )


def _remedy(node: Node, known: Known) -> Remedy:
    keys = node.fields(("what", "evidence"))
    return Remedy(what=keys["what"].line_of_text(), evidence=evidence_of(keys["evidence"], known, decides=True))


def _profiles(
    node: Node, factors: Collection[str], rules: Collection[str], engines: Collection[str]
) -> Iterator[Profile]:
    for name, entry in node.named_entries("profile").items():
        keys = entry.fields(("title", "because", "weights"), ("rules", "audience"))
        yield Profile(
            name=name,
            title=keys["title"].line_of_text(),
            because=keys["because"].reason(),
            weights=_weights(keys["weights"], "factor", factors),
            rules=_names(keys["rules"], rules) if "rules" in keys else (),
            audience=_weights(keys["audience"], "engine", engines) if "audience" in keys else {},
            place=str(entry.place),
        )


def _names(node: Node, rules: Collection[str]) -> tuple[str, ...]:
    return () if node.value == () else node.some_of("rule", rules)


def _weights(node: Node, what: str, accepted: Collection[str]) -> Mapping[str, float]:
    """Weights by name; they are relative, so that only their proportions count."""
    keys = node.fields((), tuple(accepted))
    weights = {name: amount(entry, 0, LARGEST_WEIGHT) for name, entry in keys.items()}
    if not any(weights.values()):
        raise node.wrong(f"no {what} weighs anything", expected=f"at least one {what} above 0")
    return weights
