"""The recommendation: measured rows weighed for a kind of use, with reasons. Pure; see answer.py for what comes out."""
