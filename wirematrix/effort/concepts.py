"""The names from outside that a source uses: what one must look up to write it.

Counted are names of libraries and of the platform: what is imported, read as an attribute, passed as a keyword, taken
out of an object. Not counted are a source's own names and the language's own (builtins and their methods), nor what is
no name but a string or a number: header fields, close codes, SQL.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pygments.token import Comment, Keyword, Name, Punctuation, String, Text, _TokenType, is_token_subtype

from wirematrix.effort.tags import lexer_of

PYTHON_OWN: Final = {
    *dir(builtins),
    *(name for kind in (str, bytes, list, dict, set, tuple, int, float) for name in dir(kind)),
    *("__file__", "__name__", "annotations"),
}
# ECMAScript's own, as far as a small page needs them; one that is missing here is counted.
JAVASCRIPT_OWN: Final = {
    *("Array", "Error", "JSON", "Map", "Math", "Number", "Object", "Promise", "Set", "String", "undefined"),
    *("entries", "filter", "join", "length", "map", "matchAll", "message", "min", "parse", "pop", "push", "random"),
    *("replace", "some", "split", "stringify"),
}
SCRIPT: Final = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
DECLARES: Final = {"const", "let", "var"}
OPENERS: Final = {"(": ")", "{": "}", "[": "]"}


def concepts_of(source: str, file: str, ours: Collection[str]) -> frozenset[str]:
    """The names from outside in a source, but for those that are ours."""
    if file.endswith(".py"):
        return frozenset(_python_uses(ast.parse(source, file))) - set(ours) - PYTHON_OWN
    return _Script(source).uses - set(ours) - JAVASCRIPT_OWN


def own_names(source: str, file: str) -> frozenset[str]:
    """The names that a source gives: functions, parameters, variables, the keys of its own objects."""
    if file.endswith(".py"):
        return frozenset(_python_names(ast.parse(source, file)))
    script = "\n".join(SCRIPT.findall(source)) if file.endswith(".html") else source
    return _Script(script).ours


# Python, from its syntax tree


def _python_uses(tree: ast.Module) -> Iterator[str]:
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    dotted = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root = node.value.id if isinstance(node.value, ast.Name) else ""
            yield f"{root}.{node.attr}" if root in imported else node.attr
        elif isinstance(node, ast.Name) and node.id in imported and id(node) not in dotted:
            yield node.id
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg


def _python_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


# JavaScript, from its tokens


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _TokenType
    text: str

    @property
    def named(self) -> bool:
        return is_token_subtype(self.kind, Name)


class _Script:
    """The names of a script, those it gives and those it uses, by where they stand among the tokens."""

    def __init__(self, source: str) -> None:
        self.tokens = list(_tokens(source))
        self.ours = frozenset(self._given())
        self.uses = frozenset(token.text for token in self.tokens if token.named) - self.ours

    def _given(self) -> Iterator[str]:
        for at, token in enumerate(self.tokens):
            if is_token_subtype(token.kind, Keyword) and token.text in DECLARES:
                yield from self._pattern(at + 1)
            elif token.text == "function":
                yield self.tokens[at + 1].text
                yield from self._pattern(at + 2)
            elif token.text == "catch" and self._text(at + 1) == "(":
                yield from self._pattern(at + 1)
            elif token.text == "=>":
                yield from self._pattern(self._opener(at - 1))
            elif token.text == "{" and self._text(at - 1) in {"=", "return"}:
                yield from self._keys(at)

    def _pattern(self, at: int) -> Iterator[str]:
        """The names that a declaration or a list of parameters gives; in braces they are somebody else's keys."""
        if self.tokens[at].text not in OPENERS:
            yield self.tokens[at].text
            return
        depth = 0
        for number in range(at, self._closer(at)):
            token = self.tokens[number]
            depth += (token.text == "{") - (token.text == "}")
            if token.named and depth == 0:
                yield token.text

    def _keys(self, at: int) -> Iterator[str]:
        """The keys of an object literal of our own: `key:`, `key,` and `key(...) {`, not those of objects inside it."""
        depth = 0
        for number in range(at + 1, self._closer(at)):
            token = self.tokens[number]
            if token.named and depth == 0 and self._text(number - 1) in {"{", ",", "}", "async"}:
                yield token.text
                if self._text(number + 1) == "(":
                    yield from self._pattern(number + 1)
            depth += (token.text in OPENERS) - (token.text in OPENERS.values())

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _closer(self, at: int) -> int:
        return _match(self.tokens, at, 1, OPENERS)

    def _opener(self, at: int) -> int:
        closers = {closing: opening for opening, closing in OPENERS.items()}
        return _match(self.tokens, at, -1, closers) if self.tokens[at].text in closers else at


def _match(tokens: Sequence[_Token], at: int, step: int, pairs: dict[str, str]) -> int:
    """Where the bracket at `at` is closed, or opened; the script's edge if nowhere."""
    depth = 0
    while 0 <= at < len(tokens):
        depth += (tokens[at].text in pairs) - (tokens[at].text in pairs.values())
        if depth == 0:
            return at
        at += step
    return min(max(at, 0), len(tokens) - 1)


def _tokens(source: str) -> Iterator[_Token]:
    """Tokens that mean something; punctuation, which the lexer may hand over in runs, one by one."""
    for _, kind, text in lexer_of("page.js").get_tokens_unprocessed(source):
        if any(is_token_subtype(kind, silent) for silent in (Text, Comment, String)):
            continue
        if is_token_subtype(kind, Punctuation) and text != "=>":
            yield from (_Token(kind, sign) for sign in text)
        else:
            yield _Token(kind, text)
