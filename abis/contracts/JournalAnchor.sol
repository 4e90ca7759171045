// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {MerkleTree} from "./MerkleTree.sol";

/// What the journal was: the size and the root of its Merkle tree (RFC 6962, SHA-256), taken over only with a proof that
/// the new tree extends the last one. Whoever holds the role can anchor nothing that rewrites what was anchored before.
///
/// The last anchor is kept; the log has all of them. What a proof binds is the roots. Where a tree of another size would
/// have a proof of the same shape (RFC 9162 prints the size beside the root for this reason), the number is the word of
/// the signer; an auditor who has the journal sees at once whether it is true.
contract JournalAnchor is AccessControlDefaultAdminRules {
    struct Anchor {
        uint64 size;
        uint64 time;
        bytes32 root;
    }

    bytes32 public constant ANCHOR_ROLE = keccak256("ANCHOR_ROLE");

    /// The chain generation that this contract belongs to: a hash over the chain and its factory.
    bytes32 public immutable generation;

    /// The last anchor; of size 0 before the first.
    Anchor public last;

    /// The journal of this size and root extends the one of the previous size (0: this is the first anchor).
    event Anchored(uint64 indexed size, bytes32 indexed root, uint64 previousSize, bytes32 generation);
    /// The last anchor was given again; nothing was changed.
    event AlreadyAnchored(uint64 indexed size, bytes32 indexed root);

    /// An empty journal has nothing to hold anyone to.
    error AnchorEmpty();
    /// The journal was larger before.
    error AnchorBehind(uint64 have, uint64 given);
    /// Another root is anchored for this size: one of the two is of a rewritten journal.
    error AnchorContradicts(uint64 size, bytes32 have, bytes32 given);
    /// The proof does not show that the tree of this size and root extends the last one.
    error ConsistencyUnproven(uint64 size, bytes32 root);

    constructor(address admin, bytes32 generation_) AccessControlDefaultAdminRules(1 days, admin) {
        generation = generation_;
    }

    /// The first anchor takes no proof: whoever gives one believes that something was anchored before.
    function anchor(uint64 size, bytes32 root, bytes32[] calldata proof) external onlyRole(ANCHOR_ROLE) {
        if (size == 0) revert AnchorEmpty();
        uint64 previous = last.size;
        if (size < previous) revert AnchorBehind(previous, size);
        if (size == previous) {
            if (root != last.root) revert AnchorContradicts(size, last.root, root);
            emit AlreadyAnchored(size, root);
            return;
        }
        bool proven = previous == 0 ? proof.length == 0 : MerkleTree.extends(previous, last.root, size, root, proof);
        if (!proven) revert ConsistencyUnproven(size, root);
        last = Anchor(size, uint64(block.timestamp), root);
        emit Anchored(size, root, previous, generation);
    }

    /// Whether the journal that was anchored last holds this leaf. `index` counts from 0: it is the position less one.
    function includes(bytes32 leafHash, uint64 index, bytes32[] calldata proof) external view returns (bool) {
        return MerkleTree.includes(leafHash, index, last.size, last.root, proof);
    }
}
