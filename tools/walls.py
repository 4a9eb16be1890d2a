"""The walls of the house as pure functions: modules in, offenders out, each with its file and line.

Nothing is imported to be judged; everything is read from the syntax tree. What belongs to which ring, who owns which
library and which words are banned is the caller's to say: `tests/test_house.py` has the tables.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file: its dotted name, where it lies, and its syntax tree."""

    name: str
    file: str
    source: str
    package: bool = False  # an __init__.py

    @property
    def tree(self) -> ast.Module:
        """Parsed anew each time; the files are small."""
        return ast.parse(self.source, self.file)

    def at(self, node: ast.AST, what: str) -> str:
        """An offender: file, line and sentence."""
        return f"{self.file}:{getattr(node, 'lineno', 1)}: {what}"


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports, absolute: `from a.b import c` is `a.b` with the name `c`."""

    node: ast.AST
    target: str
    name: str | None

    @property
    def top_level(self) -> str:
        """The top-level package."""
        return self.target.partition(".")[0]


def read(root: Path, folder: str) -> list[Module]:
    """Every module below a folder of the tree, in order; none if the folder is not there."""
    modules = []
    for file in sorted((root / folder).rglob("*.py")):
        inside = file.relative_to(root)
        package = file.name == "__init__.py"
        dotted = ".".join(inside.parent.parts if package else inside.with_suffix("").parts)
        modules.append(
            Module(name=dotted, file=inside.as_posix(), source=file.read_text(encoding="utf-8"), package=package)
        )
    return modules


def imports(module: Module) -> Iterator[Import]:
    """Everything a module imports, wherever in it the statement stands, relative imports made absolute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node, alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            target = node.module or ""
            if node.level:
                parts = module.name.split(".")
                base = parts[: len(parts) - node.level + (1 if module.package else 0)]
                target = ".".join([*base, *([target] if target else [])])
            for alias in node.names:
                yield Import(node, target, alias.name)


def ring_of(dotted: str, rings: Mapping[str, int]) -> int | None:
    """The ring of a module: that of the longest listed name it is or lies in."""
    parts = dotted.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((rings[name] for name in names if name in rings), None)


def outward_imports(modules: Collection[Module], front: str, rings: Mapping[str, int]) -> list[str]:
    """Modules without a ring, and imports that point to a ring further out.

    The package itself, `front`, lies outside all rings: it may import everything, and nothing inside imports it.
    """
    known = {module.name for module in modules}
    offenders = []
    for module in modules:
        if module.name in (front, f"{front}.__main__"):
            continue
        own = ring_of(module.name, rings)
        if own is None:
            offenders.append(
                f"{module.file}:1: {module.name} is in no ring; list it in RINGS_BY_MODULE of tests/test_house.py"
            )
            continue
        for seen in imports(module):
            below = f"{seen.target}.{seen.name}"
            target = below if below in known or below in rings else seen.target
            if target == front:
                offenders.append(module.at(seen.node, f"{module.name} imports the package's front, not a module"))
                continue
            other = ring_of(target, rings)
            if other is not None and other > own:
                offenders.append(
                    module.at(seen.node, f"{module.name} (ring {own}) imports {target} (ring {other}); expected inward")
                )
    return offenders


def forbidden_imports(modules: Iterable[Module], libraries: Collection[str]) -> list[str]:
    """Imports of top-level packages that these modules must not know."""
    return [
        module.at(seen.node, f"{module.name} imports {seen.target}, which it must not know")
        for module in modules
        for seen in imports(module)
        if seen.top_level in libraries
    ]


def foreign_libraries(
    modules: Iterable[Module], owners: Mapping[str, Collection[str]], own: Collection[str]
) -> list[str]:
    """Third-party imports outside the modules that own the library; a library without owner offends everywhere."""
    offenders = []
    for module in modules:
        for seen in imports(module):
            if seen.top_level in sys.stdlib_module_names or seen.top_level in own:
                continue
            allowed = owners.get(seen.top_level, ())
            if not any(module.name == owner or module.name.startswith(f"{owner}.") for owner in allowed):
                belongs = f"belongs to {', '.join(sorted(allowed))}" if allowed else "has no owner in OWNERS"
                offenders.append(module.at(seen.node, f"{module.name} imports {seen.top_level}, which {belongs}"))
    return offenders


def beyond_public(modules: Iterable[Module], package: str, public: Collection[str], also: Collection[str]) -> list[str]:
    """Imports other than public names of the package, the standard library, and the libraries allowed besides."""
    offenders = []
    for module in modules:
        for seen in imports(module):
            if seen.top_level in sys.stdlib_module_names or seen.top_level in also:
                continue
            if seen.target != package or seen.name is None:
                offenders.append(module.at(seen.node, f"imports {seen.target}; expected names from {package}"))
            elif seen.name not in public:
                offenders.append(module.at(seen.node, f"imports {seen.name}, which is not in {package}.__all__"))
    return offenders


def public_names(front: Module) -> list[str]:
    """The `__all__` of a package, as written; empty if it has none."""
    for node in front.tree.body:
        if isinstance(node, ast.Assign) and any(name == "__all__" for _, name in _assigned(node)):
            return list(ast.literal_eval(node.value))
    return []


def in_order(names: Collection[str]) -> list[str]:
    """Names as the linter sorts them: CONSTANTS, Classes, functions; each once."""
    return sorted(set(names), key=lambda name: (not name.isupper(), not name[:1].isupper(), name))


def banned_words(
    modules: Iterable[Module],
    *,
    whole: Collection[str],
    anywhere: Collection[str],
    allowed: Mapping[str, Collection[str]],
    dictated: str,
) -> list[str]:
    """Functions, classes, parameters and module-level variables that are called by a banned word.

    A word of `whole` offends alone, singular or plural; one of `anywhere` as a part of the name, too. `allowed` has the
    names that pass, by file; the parameters of functions whose name matches `dictated` are somebody else's.
    """
    offenders = []
    for module in modules:
        for node, name in _named(module.tree, dictated):
            parts = [part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
            alone = "_".join(parts)
            if name in allowed.get(module.file, ()):
                continue
            if alone in whole or alone.removesuffix("s") in whole or any(part in anywhere for part in parts):
                offenders.append(module.at(node, f"{name} is a banned word of the glossary"))
    return offenders


def missing_docstrings(modules: Iterable[Module]) -> list[str]:
    """Test functions that do not say in a sentence what they are about."""
    return [
        module.at(node, f"{node.name} has no docstring")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, FunctionNode) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]


def sleeps(modules: Iterable[Module]) -> list[str]:
    """Calls of anything named sleep."""
    return [
        module.at(node, "sleeps; expected a wait for an observation, or a fence")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) == "sleep"
    ]


def too_long(files: Mapping[str, str], limit: int) -> list[str]:
    """Files with more lines than the limit, by name and content."""
    counted = ((name, len(content.splitlines())) for name, content in files.items())
    return [f"{name}:{lines}: {lines} lines; expected at most {limit}" for name, lines in counted if lines > limit]


def _named(tree: ast.Module, dictated: str) -> Iterator[tuple[ast.AST, str]]:
    """The names the glossary rules over, with where they are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node, node.name
        elif isinstance(node, FunctionNode):
            yield node, node.name
            if not re.fullmatch(dictated, node.name):
                spec = node.args
                plain = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
                yield from ((each, each.arg) for each in (*plain, spec.vararg, spec.kwarg) if each is not None)
    for node in tree.body:
        yield from _assigned(node)


def _assigned(node: ast.stmt) -> Iterator[tuple[ast.AST, str]]:
    """The plain names a statement assigns to."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    yield from ((target, target.id) for target in targets if isinstance(target, ast.Name))
