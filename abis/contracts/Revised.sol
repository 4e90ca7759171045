// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Posted} from "./Posted.sol";

/// What changes again and again is recorded under its subject and a revision: the version, in the subject's stream, of
/// the event that changed it. Revisions only grow, so that what was overtaken never comes back.
abstract contract Revised is Posted {
    /// The last revision recorded for a subject (0: none)
    mapping(bytes32 subject => uint64) public revisionOf;

    /// True if the change is new and the caller must now make it. The last revision again is a no-op, as in `Posted`;
    /// an earlier one that was never recorded is a conflict with the last.
    function _isNewRevision(bytes32 subject, uint64 revision, bytes32 digest, bytes32 entry)
        internal
        returns (bool)
    {
        bytes32 key = keccak256(abi.encode(subject, revision));
        uint64 last = revisionOf[subject];
        if (revision <= last && digestOf[key] == 0) {
            if (entry == 0) revert EntryMissing();
            emit Conflict(key, entry, digestOf[keccak256(abi.encode(subject, last))], digest);
            return false;
        }
        if (!_isNew(key, digest, entry)) return false;
        revisionOf[subject] = revision;
        return true;
    }
}
