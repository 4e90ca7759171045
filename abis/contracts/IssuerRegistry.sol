// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Revised} from "./Revised.sol";

/// The register of approved companies, keyed by company id. No names: ids, a wallet, a hash over the documents, whether
/// the company is active, and the one campaign that it may have open.
contract IssuerRegistry is AccessControlDefaultAdminRules, Revised {
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");

    /// What a change is, in its digest.
    uint8 private constant UPDATE = 1;
    uint8 private constant ACTIVITY = 2;
    uint8 private constant LOCK = 3;
    uint8 private constant UNLOCK = 4;

    mapping(bytes32 companyId => address wallet) public walletOf;
    mapping(bytes32 companyId => bytes32 campaignId) public exclusiveCampaignOf;
    mapping(bytes32 companyId => bool) private _inactive;

    /// A company was approved.
    event IssuerRegistered(
        bytes32 indexed companyId, bytes32 indexed entry, address wallet, bytes32 documentsHash
    );
    /// A company has another wallet, or other documents.
    event IssuerUpdated(
        bytes32 indexed companyId, bytes32 indexed entry, uint64 revision, address wallet, bytes32 documentsHash
    );
    /// A company may open campaigns, or may not.
    event IssuerActiveSet(bytes32 indexed companyId, bytes32 indexed entry, uint64 revision, bool active);
    /// The company is held for this campaign.
    event ExclusivityLocked(
        bytes32 indexed companyId, bytes32 indexed entry, uint64 revision, bytes32 campaignId
    );
    /// The campaign lets the company go.
    event ExclusivityReleased(
        bytes32 indexed companyId, bytes32 indexed entry, uint64 revision, bytes32 campaignId
    );

    /// A company needs a wallet: its releases go there.
    error WalletMissing(bytes32 companyId);
    /// Only a registered company changes.
    error IssuerUnknown(bytes32 companyId);
    /// A lock is for a campaign.
    error CampaignMissing(bytes32 companyId);
    /// Another campaign holds the company: the one named.
    error ExclusivityHeld(bytes32 companyId, bytes32 holder);

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

    /// Another wallet, or other documents.
    function update(
        bytes32 companyId,
        uint64 revision,
        address wallet,
        bytes32 documentsHash,
        bytes32 entry
    ) external onlyRole(REGISTRAR_ROLE) {
        if (wallet == address(0)) revert WalletMissing(companyId);
        bytes32 digest = keccak256(abi.encode(UPDATE, wallet, documentsHash));
        if (!_isNewChange(companyId, revision, digest, entry)) return;
        walletOf[companyId] = wallet;
        emit IssuerUpdated(companyId, entry, revision, wallet, documentsHash);
    }

    /// A company that is not active opens no campaign; those that are open are paused or cancelled one by one. It may be
    /// said of a company before it is registered.
    function setActive(bytes32 companyId, uint64 revision, bool active, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (!_isNewRevision(companyId, revision, keccak256(abi.encode(ACTIVITY, active)), entry)) return;
        _inactive[companyId] = !active;
        emit IssuerActiveSet(companyId, entry, revision, active);
    }

    /// Hold the company for one campaign, until it is unlocked.
    function lock(bytes32 companyId, uint64 revision, bytes32 campaignId, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (campaignId == 0) revert CampaignMissing(companyId);
        if (!_isNewChange(companyId, revision, keccak256(abi.encode(LOCK, campaignId)), entry)) return;
        bytes32 holder = exclusiveCampaignOf[companyId];
        if (holder != 0 && holder != campaignId) revert ExclusivityHeld(companyId, holder);
        exclusiveCampaignOf[companyId] = campaignId;
        emit ExclusivityLocked(companyId, entry, revision, campaignId);
    }

    /// Names the campaign that holds the company, so that none lets go what another one holds.
    function unlock(bytes32 companyId, uint64 revision, bytes32 campaignId, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (campaignId == 0) revert CampaignMissing(companyId);
        if (!_isNewChange(companyId, revision, keccak256(abi.encode(UNLOCK, campaignId)), entry)) return;
        bytes32 holder = exclusiveCampaignOf[companyId];
        if (holder != campaignId) revert ExclusivityHeld(companyId, holder);
        delete exclusiveCampaignOf[companyId];
        emit ExclusivityReleased(companyId, entry, revision, campaignId);
    }

    function isRegistered(bytes32 companyId) public view returns (bool) {
        return walletOf[companyId] != address(0);
    }

    function isActive(bytes32 companyId) external view returns (bool) {
        return isRegistered(companyId) && !_inactive[companyId];
    }

    function _isNewChange(bytes32 companyId, uint64 revision, bytes32 digest, bytes32 entry) private returns (bool) {
        if (!isRegistered(companyId)) revert IssuerUnknown(companyId);
        return _isNewRevision(companyId, revision, digest, entry);
    }
}
