"""Routes: real servers between page and app, configured as people run them; `configurations/` has what they read."""

from wirematrix.routes.certificates import Certificate, issue
from wirematrix.routes.configuration import readable
from wirematrix.routes.intermediary import Intermediary, program_of, remedy

__all__ = ["Certificate", "Intermediary", "issue", "program_of", "readable", "remedy"]
