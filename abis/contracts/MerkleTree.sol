// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Proofs over the Merkle tree of RFC 6962 (SHA-256, a node is the hash of 0x01 and its children), verified as RFC 9162
/// prescribes. Leaves are given by their hashes. Every function answers; none reverts for a proof of any shape.
///
/// What it costs is mostly the hashing: on an Istanbul chain each call of the SHA-256 contract takes 700 gas before the
/// 96 of the hash itself, and the dearest proof of 20 nodes takes 39. Later chains ask 100 for the call.
library MerkleTree {
    /// Whether the leaf stands at `index`, counted from 0, in the tree of `size` leaves (RFC 9162, section 2.1.3.2).
    function includes(bytes32 leafHash, uint64 index, uint64 size, bytes32 root, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        uint256 fn = index;
        uint256 sn = size - 1;
        bytes32 r = leafHash;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (sn == 0) return false; // the proof goes on above the root
            if (fn & 1 == 1 || fn == sn) {
                r = node(proof[i], r);
                if (fn & 1 == 0) (fn, sn) = _toRightChild(fn, sn);
            } else {
                r = node(r, proof[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && r == root;
    }

    /// Whether the second tree begins with all the leaves of the first (RFC 9162, section 2.1.4.2). The section asks for
    /// 0 < first < second, and so does this.
    function extends(uint64 first, bytes32 firstRoot, uint64 second, bytes32 secondRoot, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        if (first == 0 || first >= second || proof.length == 0) return false;
        uint256 fn = first - 1;
        uint256 sn = second - 1;
        (fn, sn) = _aboveRightChildren(fn, sn);
        // A first tree that is one perfect subtree of the second is not repeated in the proof: `fn` has become 0.
        uint256 next = fn == 0 ? 0 : 1;
        bytes32 fr = fn == 0 ? firstRoot : proof[0];
        bytes32 sr = fr;
        for (; next < proof.length; ++next) {
            bytes32 c = proof[next];
            if (sn == 0) return false; // the proof goes on above the root
            if (fn & 1 == 1 || fn == sn) {
                fr = node(c, fr);
                sr = node(c, sr);
                if (fn & 1 == 0) (fn, sn) = _toRightChild(fn, sn);
            } else {
                sr = node(sr, c);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == firstRoot && sr == secondRoot;
    }

    /// An inner node: SHA-256 over 0x01 and its children (RFC 9162, section 2.1.1).
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        // Written beyond the free memory, which is given back: a proof then costs no memory that grows with it.
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 1)
            mstore(add(at, 1), left)
            mstore(add(at, 33), right)
            if iszero(staticcall(gas(), 2, at, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }

    /// Up from a last node that has no sibling on its right, to where it is a right child, or to the left edge.
    function _toRightChild(uint256 fn, uint256 sn) private pure returns (uint256, uint256) {
        while (fn & 1 == 0 && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        return (fn, sn);
    }

    /// Up as long as the node is a right child: to the root of the largest perfect subtree that ends there.
    function _aboveRightChildren(uint256 fn, uint256 sn) private pure returns (uint256, uint256) {
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        return (fn, sn);
    }
}
