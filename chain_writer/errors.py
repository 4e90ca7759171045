"""What can go wrong in the writer, sorted by what to do next.

Not here: `node.NodeUnavailable` and `web3signer.SignerUnavailable` (away: try again later) are kept where httpx is
spoken, since they are among its errors; a lost database is psycopg's own.
"""

from __future__ import annotations


class LeaseLost(Exception):
    """Another worker drives this lane now, or this one was too slow. Nothing was written; stand by and try again."""


class OperatorNeeded(Exception):
    """Nothing more is signed until a person has looked. Stored work is safe, and goes on when the cause is gone."""


class WrongChain(OperatorNeeded):
    """The node speaks for another chain, or the contracts there are not the pinned ones. Point it at the right node."""


class ChainWentBack(OperatorNeeded):
    """A block that was believed final is gone. Find out why before anything else is sent; see the runbook of it."""


class SignerChanged(OperatorNeeded):
    """Nonces of this lane's former signer are undecided. Start with that key until they are final, then change."""


class Drained(OperatorNeeded):
    """The lane was told to bind nothing any more, and all its nonces are final. Change its key, or let it resume."""


class SpendingExceeded(OperatorNeeded):
    """The lane's fees would be more than a window of time allows. It heals as that moves on, or by a higher limit."""


class Quarantined(OperatorNeeded):
    """A tx that is none of ours was signed with this lane's key. Revoke its roles, then see the runbook of it."""


class NodeLies(OperatorNeeded):
    """The node took a signed tx and named it otherwise than it is. Use another node."""


class PolicyBroken(Exception):
    """A tx would have been signed that no rule of ours allows. A defect: nothing was signed."""


class SignatureInvalid(OperatorNeeded):
    """The signer's bytes are not the tx that it was asked to sign. Nothing was stored. Look at its chain id."""


class SignerRefused(OperatorNeeded):
    """The remote signer will not sign, or is none. Nothing was stored. Look at its keys, its log and our settings."""


class KeystoreInvalid(OperatorNeeded):
    """The keystore file cannot be opened with this passphrase. Check both."""


class GuardBroken(Exception):
    """The database refused a write that would have broken the protocol. A defect: nothing was written."""
