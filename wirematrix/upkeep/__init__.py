"""Expectations that look after themselves: what runs saw, brought into `matrix.yaml`.

sightings   how the attempts of each cell ended, build by build
revision    which claims change, go or come, on a `draft`; `cover` and `builds` keep new ones few and short
patch       the same in the text of the file, by its `layout`
wording     the same in sentences
renewal     one after the other, and whether the outcome is what was meant
"""

from wirematrix.upkeep.renewal import Update, update
from wirematrix.upkeep.revision import Switches

__all__ = ["Switches", "Update", "update"]
