"""The recommendation: measured rows weighed for a kind of use, with reasons. Pure; answer.py is what comes out."""

from __future__ import annotations

from wirematrix.decision.answer import Recommendation
from wirematrix.decision.model import CANDIDATES, Decision, Profile
from wirematrix.decision.recommend import recommend

__all__ = ["CANDIDATES", "Decision", "Profile", "Recommendation", "recommend"]
