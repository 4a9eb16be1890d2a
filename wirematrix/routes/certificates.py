"""A certificate for loopback, made anew for each run and never written outside its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Files in PEM: the chain, the private key, and the authority that signed it, which nobody trusts."""

    chain: Path
    key: Path
    authority: Path


def issue(folder: Path) -> Certificate:
    """Issue one for 127.0.0.1 and localhost. Engines are told, in the open, not to ask who signed it."""
    made = Certificate(chain=folder / "chain.pem", key=folder / "key.pem", authority=folder / "authority.pem")
    authority = trustme.CA(organization_name="wirematrix")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(made.authority))
    issued.private_key_pem.write_to_path(str(made.key))
    for number, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(str(made.chain), append=number > 0)
    made.key.chmod(0o600)
    return made
