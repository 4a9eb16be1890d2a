"""What MDN documents of the APIs under the transports, beside what runs of the matrix observed of them.

The documentation is a subset of `@mdn/browser-compat-data` (CC0), taken by tools/documented.py and kept as
`wirematrix/documented.json`. Which observation answers for which feature is written in `questions.yaml`.
"""

from wirematrix.documented.beside import Agreement, Beside, BesideRow, BesideTable, beside
from wirematrix.documented.model import Documentation, Feature, Statement
from wirematrix.documented.questions import Question, questions
from wirematrix.documented.reader import documentation
from wirematrix.documented.statements import Says, Word

__all__ = [
    "Agreement",
    "Beside",
    "BesideRow",
    "BesideTable",
    "Documentation",
    "Feature",
    "Question",
    "Says",
    "Statement",
    "Word",
    "beside",
    "documentation",
    "questions",
]
