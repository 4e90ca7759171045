// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {CampaignFactory} from "./CampaignFactory.sol";
import {Posted} from "./Posted.sol";

/// The escrow of fiat campaigns, mirrored: a release after success, or refunds after failure, never both, never more
/// than was raised. It holds no coin.
contract FundEscrow is AccessControlDefaultAdminRules, Posted {
    struct Refund {
        bytes32 campaignId;
        bytes32 investmentId;
        address investor;
        uint256 amount;
        bytes32 entry;
    }

    bytes32 public constant TREASURY_ROLE = keccak256("TREASURY_ROLE");
    uint256 public constant MEMBERS_MAX = 200;

    CampaignFactory public immutable factory;

    mapping(bytes32 campaignId => uint256) public releasedOf;
    mapping(bytes32 campaignId => uint256) public refundedOf;

    event ReleaseRecorded(
        bytes32 indexed campaignId,
        bytes32 indexed entry,
        bytes32 releaseId,
        address issuer,
        uint256 amount,
        uint256 fee
    );
    event RefundRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, bytes32 campaignId, address investor, uint256 amount
    );

    error CampaignNotSuccessful(bytes32 campaignId);
    error CampaignNotFailed(bytes32 campaignId);
    error ReleaseInvalid(bytes32 campaignId);
    error RefundInvalid(bytes32 investmentId);
    /// More would leave the escrow than the campaign raised.
    error RaisedExceeded(bytes32 key, uint256 raised, uint256 given);
    error BatchSizeInvalid(uint256 members);

    constructor(address admin, CampaignFactory factory_) AccessControlDefaultAdminRules(1 days, admin) {
        factory = factory_;
    }

    /// One release a campaign: its natural key is the campaign id.
    function recordRelease(
        bytes32 campaignId,
        bytes32 releaseId,
        address issuer,
        uint256 amount,
        uint256 fee,
        bytes32 entry
    ) external onlyRole(TREASURY_ROLE) {
        if (issuer == address(0) || amount == 0) revert ReleaseInvalid(campaignId);
        if (!_isNew(campaignId, keccak256(abi.encode(releaseId, issuer, amount, fee)), entry)) return;
        if (!factory.isSuccessful(campaignId)) revert CampaignNotSuccessful(campaignId);
        uint256 raised = factory.totalRaised(campaignId);
        if (amount + fee > raised) revert RaisedExceeded(campaignId, raised, amount + fee);
        releasedOf[campaignId] = amount + fee;
        emit ReleaseRecorded(campaignId, entry, releaseId, issuer, amount, fee);
    }

    function recordRefunds(Refund[] calldata members) external onlyRole(TREASURY_ROLE) {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            Refund calldata m = members[i];
            if (m.investor == address(0) || m.amount == 0) revert RefundInvalid(m.investmentId);
            bytes32 digest = keccak256(abi.encode(m.campaignId, m.investor, m.amount));
            if (!_isNew(m.investmentId, digest, m.entry)) continue;
            (bool failed, uint256 raised) = factory.failure(m.campaignId);
            if (!failed) revert CampaignNotFailed(m.campaignId);
            uint256 refunded = refundedOf[m.campaignId] + m.amount;
            if (refunded > raised) revert RaisedExceeded(m.investmentId, raised, refunded);
            refundedOf[m.campaignId] = refunded;
            emit RefundRecorded(m.investmentId, m.entry, m.campaignId, m.investor, m.amount);
        }
    }
}
