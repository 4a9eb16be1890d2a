"""Routes: real servers between page and app, configured as people run them; `configurations/` has what they read."""

from wirematrix.routes.certificates import Certificate, issue
from wirematrix.routes.configuration import readable
from wirematrix.routes.intermediary import Intermediary
from wirematrix.routes.programs import PACKAGES, located, program_of, remedy, version_of
from wirematrix.routes.redis_server import RedisServer

__all__ = [
    "PACKAGES",
    "Certificate",
    "Intermediary",
    "RedisServer",
    "issue",
    "located",
    "program_of",
    "readable",
    "remedy",
    "version_of",
]
