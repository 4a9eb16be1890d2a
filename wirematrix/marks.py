"""Which scenarios carry a mark, read from their source: nothing is imported, no pytest is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path


def marked(folder: Path, mark: str) -> frozenset[str]:
    """The scenarios below a folder with `@pytest.mark.MARK`, or in a module whose `pytestmark` names it."""
    return frozenset(name for file in sorted(folder.rglob("test_*.py")) for name in _marked_in(file, mark))


def _marked_in(file: Path, mark: str) -> Iterable[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    all_of_it = any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
        and _names(node.value, mark)
        for node in tree.body
    )
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            carries = all_of_it or any(_names(each, mark) for each in node.decorator_list)
            if carries and node.name.startswith("test_"):
                yield node.name.removeprefix("test_")


def _names(expression: ast.expr, mark: str) -> bool:
    """Whether an expression has `....mark.MARK` in it."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == mark
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
        for node in ast.walk(expression)
    )
