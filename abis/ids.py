"""How our ids stand on the chain: a UUID as 16 bytes on the left of a bytes32, or as an integer for a token."""

from __future__ import annotations

from uuid import UUID

from abis.hashing import keccak


def to_bytes32(value: UUID) -> bytes:
    """The UUID's 16 bytes, then 16 zero bytes."""
    return value.bytes + bytes(16)


def from_bytes32(word: bytes) -> UUID | None:
    """The UUID of a word, None if the word is not one of ours."""
    return UUID(bytes=word[:16]) if len(word) == 32 and not any(word[16:]) else None


def revision_key(value: UUID, revision: int) -> bytes:
    """Under what a contract records a change that may come again: Keccak-256 over the subject's word and the revision,
    which is the version of the event that changed it, in the subject's own stream."""
    return keccak(to_bytes32(value) + revision.to_bytes(32, "big"))


def token_id(value: UUID) -> int:
    """The certificate's token id: the investment's UUID as an integer of 128 bits."""
    return value.int


def from_token_id(token: int) -> UUID | None:
    """The investment of a token id, None if the token is not one of ours."""
    return UUID(int=token) if 0 <= token < 1 << 128 else None
