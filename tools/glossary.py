"""The parts of the documents that the code knows better: statuses, metrics, budgets, networks, figures under load.

    python tools/glossary.py --check     say what is out of date; exit status 1 if anything is
    python tools/glossary.py --write     bring it up to date

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; everything else is written by people.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wirematrix import budgets, matrix, network, routing
from wirematrix.load.catalogue import ENTRIES
from wirematrix.load_figures import FIGURES
from wirematrix.load_model import LIMIT_MEANS
from wirematrix.metrics import METRICS
from wirematrix.model import STATUS_MEANS

DOCUMENTS = ("README.md", "docs/glossary.md", "docs/measuring.md")
PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)
BUDGET = re.compile(r'^(?P<name>[A-Z_]+) = Budget\("(?P<word>[a-z-]+)", [\d_]+\)(?:  # (?P<why>.*))?$', re.MULTILINE)


def statuses() -> str:
    """What an attempt may end as."""
    return table(("status", "meaning"), ((f"`{one}`", meaning) for one, meaning in STATUS_MEANS.items()))


def metrics() -> str:
    """The numbers of an attempt."""
    return table(("metric", "meaning"), ((f"`{name}`", meaning) for name, meaning in METRICS.items()))


def waits() -> str:
    """The budgets, with the reasons that stand beside them in budgets.py."""
    rows = []
    for found in BUDGET.finditer(inspect.getsource(budgets)):
        budget: budgets.Budget = getattr(budgets, found["name"])
        rows.append((f"`{found['word']}`", f"`{found['name']}`", f"{budget.unscaled_ms:,.0f}", found["why"] or ""))
    return table(("budget", "in a scenario: `budgets.`", "ms", "what for"), rows)


def networks() -> str:
    """The networks of matrix.yaml."""
    listed = matrix.load(ROOT / "matrix.yaml").networks
    rows = ((f"`{one.name}`", f"`{one.kind}`", one.title, ", ".join(filter(None, said_of(one)))) for one in listed)
    return table(("network", "kind", "what it does", "figures"), rows)


def said_of(one: network.Network) -> tuple[str, str]:
    """A network's figures: those of its recipe, and the route it leads over."""
    if one.via is None:
        return figures(one.recipe), ""
    usual = one.via.idle_s == one.via.route.idle_s
    side = "" if isinstance(one.recipe, network.Direct) else one.via.side
    feed = one.via.feed if one.via.route.apps > 1 else ""
    over = {"route": one.via.route.name, "side": side, "idle_s": "" if usual else one.via.idle_s, "feed": feed}
    return figures(one.recipe), ", ".join(f"`{key}` {value}" for key, value in over.items() if value)


def routes() -> str:
    """The routes a network may lead over, and how long each waits for a silent connection."""
    rows = (
        (
            f"`{one.name}`",
            f"`{one.package}`" if one.package else "",
            one.title,
            "" if one.idle_s is None else str(one.idle_s),
            f"[{one.configuration}](../wirematrix/routes/configurations/{one.configuration})",
            f"[makers]({one.see})",
        )
        for one in routing.ROUTES.values()
    )
    head = ("route", "package", "what it is", "ends what is silent for, s", "configuration", "as advised by")
    return table(head, rows)


def network_kinds() -> str:
    """The kinds a network may have, and the keys each takes."""
    rows = []
    for recipe in get_args(network.Recipe):
        keys = ", ".join(f"`{key.name}`" for key in dataclasses.fields(recipe))
        rows.append((f"`{recipe.kind}`", keys, (inspect.getdoc(recipe) or "").splitlines()[0]))
    return table(("kind", "keys beside `title` and `kind`", "what it does"), rows)


def figures(recipe: network.Recipe) -> str:
    """A recipe's values: `for_ms` 2000."""
    return ", ".join(f"`{key.name}` {getattr(recipe, key.name)}" for key in dataclasses.fields(recipe))


def load_figures() -> str:
    """What is measured under load."""
    rows = ((f"`{name}`", one.phase.value, one.meaning) for name, one in FIGURES.items())
    return table(("figure", "phase", "meaning"), rows)


def limits() -> str:
    """What may keep a phase of a round from more."""
    return table(("limit", "meaning"), ((f"`{one}`", meaning) for one, meaning in LIMIT_MEANS.items()))


def tiers() -> str:
    """The ways to serve that are compared."""
    rows = ((f"`{one.tier.name}`", one.tier.transport.value, one.tier.title) for one in ENTRIES)
    return table(("tier", "transport", "what serves it"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "statuses": statuses,
    "metrics": metrics,
    "budgets": waits,
    "networks": networks,
    "network-kinds": network_kinds,
    "routes": routes,
    "load-figures": load_figures,
    "limits": limits,
    "tiers": tiers,
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def renewed(text: str) -> str:
    """A document with every generated part as the code has it now; KeyError for a part nobody makes."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found['name']]()}{found[4]}", text)


def stale() -> list[str]:
    """The documents that are out of date, by their place in the tree."""
    read = ((name, (ROOT / name).read_text(encoding="utf-8")) for name in DOCUMENTS)
    return [name for name, text in read if renewed(text) != text]


def main(arguments: list[str]) -> int:
    """Check or write."""
    parser = argparse.ArgumentParser(description="The generated parts of the documents.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say what is out of date")
    what.add_argument("--write", action="store_true", help="bring it up to date")
    asked = parser.parse_args(arguments)
    found = stale()
    for name in found:
        if asked.write:
            file = ROOT / name
            file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        print(
            f"{name}: {'brought up to date' if asked.write else 'out of date; run: python tools/glossary.py --write'}"
        )
    return 1 if found and asked.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
