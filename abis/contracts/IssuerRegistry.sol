// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Posted} from "./Posted.sol";

/// The register of approved companies, keyed by company id. No names: ids, a wallet, and a hash over the documents.
contract IssuerRegistry is AccessControlDefaultAdminRules, Posted {
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");

    mapping(bytes32 companyId => address wallet) public walletOf;

    event IssuerRegistered(
        bytes32 indexed companyId, bytes32 indexed entry, address wallet, bytes32 documentsHash
    );

    /// A company needs a wallet: its releases go there.
    error WalletMissing(bytes32 companyId);

    constructor(address admin) AccessControlDefaultAdminRules(1 days, admin) {}

    function register(bytes32 companyId, address wallet, bytes32 documentsHash, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (wallet == address(0)) revert WalletMissing(companyId);
        if (!_isNew(companyId, keccak256(abi.encode(wallet, documentsHash)), entry)) return;
        walletOf[companyId] = wallet;
        emit IssuerRegistered(companyId, entry, wallet, documentsHash);
    }

    function isRegistered(bytes32 companyId) external view returns (bool) {
        return walletOf[companyId] != address(0);
    }
}
