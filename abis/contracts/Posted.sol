// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What every contract of the chain ledger shares: each write carries the leaf hash of the journal entry that obliged
/// it, and each thing is recorded once under its natural key. The same content again is a logged no-op; other content
/// under a known key is a logged conflict. Neither reverts, so that one member of a batch never disturbs the others.
abstract contract Posted {
    /// key -> digest of the content recorded under it (0: nothing is recorded)
    mapping(bytes32 key => bytes32 digest) public digestOf;

    /// The content was recorded before under this key; `entry` is the hash given now.
    event AlreadyRecorded(bytes32 indexed key, bytes32 indexed entry);
    /// Other content is recorded under this key; nothing was changed.
    event Conflict(bytes32 indexed key, bytes32 indexed entry, bytes32 have, bytes32 given);

    /// A write names the journal entry that obliged it.
    error EntryMissing();

    /// True if the content is new under its key and the caller must now record it.
    function _isNew(bytes32 key, bytes32 digest, bytes32 entry) internal returns (bool) {
        if (entry == 0) revert EntryMissing();
        bytes32 have = digestOf[key];
        if (have == 0) {
            digestOf[key] = digest;
            return true;
        }
        if (have == digest) emit AlreadyRecorded(key, entry);
        else emit Conflict(key, entry, have, digest);
        return false;
    }
}
