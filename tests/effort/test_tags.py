"""Marks in the examples: what each line belongs to, what a stage keeps, and what a mark may not say."""

from __future__ import annotations

import pytest

from wirematrix.effort.tags import GUARANTEES, marked_lines, stage
from wirematrix.errors import InvalidInput

PYTHON = """\
import hmac  # for auth

# for two-way
@decorated(
    one,
    two,  # for auth: because
)
@again
def outer():
    a = "# for auth"
    # for auth
    if a:
        b()
    else:
        c()
    return a


# for resume: a sentence
def inner(
    x,
):
    y(
        z,  # for auth
    )
"""
JAVASCRIPT = """\
// for reconnect: why
function f(a) {
  const b = `// for auth`;
  if (a) {
    g();
  } else {
    h(); // for auth
  }
}
f(1);
"""


def words(source: str, file: str) -> list[str]:
    """The guarantee of each line, shortened."""
    return [word[:3] for word in marked_lines(source, file)]


def test_a_mark_above_means_the_statement() -> None:
    """Decorators, parameters and branches belong to the statement below a mark; an inner mark counts more."""
    assert words(PYTHON, "a.py") == (
        [
            "aut",
            "con",
            "two",
            "two",
            "two",
            "aut",
            "two",
            "two",
            "two",
            "two",
            "aut",
            "aut",
            "aut",
            "aut",
            "aut",
            "two",
            "con",
            "con",
            "res",
            "res",
            "res",
            "res",
            "res",
            "aut",
            "res",
        ]
    )


def test_a_mark_means_the_same_in_javascript() -> None:
    """Braces end a statement; what stands in a string is no mark."""
    assert words(JAVASCRIPT, "a.js") == ["rec", "rec", "rec", "rec", "rec", "rec", "aut", "rec", "rec", "con"]


def test_a_stage_keeps_what_it_names() -> None:
    """Unmarked lines are for connecting; everything else is there only when it is kept."""
    assert stage(JAVASCRIPT, "a.js", ["connect"]) == "f(1);\n"
    assert stage(JAVASCRIPT, "a.js", GUARANTEES) == JAVASCRIPT
    assert "h()" not in stage(JAVASCRIPT, "a.js", ["connect", "reconnect"])


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a()  # for speed", "page.py:1: a mark for 'speed'; expected one of connect, reconnect"),
        ("b()\n# for auth\n", "page.py:2: a mark above nothing; expected a statement on the next line"),
        ("# for auth\n\na()\n", "page.py:1: a mark above nothing"),
        (
            "# for auth\ndef f():\n    a()  # for resume\n",
            "page.py:3: resume inside the code for auth; expected one that comes after it",
        ),
    ],
)
def test_a_mark_that_cannot_be(source: str, complaint: str) -> None:
    """A word that is no guarantee, a mark above nothing, and one that could not stay when its surroundings go."""
    with pytest.raises(InvalidInput) as caught:
        marked_lines(source, "page.py")
    assert str(caught.value).startswith(complaint)


def test_other_comments_are_no_marks() -> None:
    """A comment that begins with the same word is just a comment."""
    assert words("a()  # for the record\nb()  # for\n", "a.py") == ["con", "con"]


def test_another_language_is_named() -> None:
    """A file whose ending says no language that is known is refused with the known ones."""
    with pytest.raises(InvalidInput, match=r"^page\.rb: ends in 'rb'; expected one of py, js, html$"):
        marked_lines("", "page.rb")
