// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {CampaignFactory} from "./CampaignFactory.sol";
import {CampaignImplementation} from "./CampaignImplementation.sol";
import {Posted} from "./Posted.sol";

/// The escrow of fiat campaigns, mirrored: releases after success, or refunds after failure, never both, never more than
/// was raised. What goes back before the closing leaves the campaign itself. It holds no coin.
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

    /// What left for the issuer, fees included.
    mapping(bytes32 campaignId => uint256) public releasedOf;
    /// What went back after the failure. What went back before the closing is no longer in the campaign's sum.
    mapping(bytes32 campaignId => uint256) public refundedOf;

    event ReleaseRecorded(
        bytes32 indexed releaseId,
        bytes32 indexed entry,
        bytes32 campaignId,
        address issuer,
        uint256 amount,
        uint256 fee
    );
    event RefundRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, bytes32 campaignId, address investor, uint256 amount
    );

    error CampaignUnknown(bytes32 campaignId);
    error CampaignNotSuccessful(bytes32 campaignId);
    error CampaignNotFailed(bytes32 campaignId);
    error ReleaseInvalid(bytes32 releaseId);
    error RefundInvalid(bytes32 investmentId);
    /// More would leave the escrow than the campaign raised.
    error RaisedExceeded(bytes32 key, uint256 raised, uint256 given);
    error BatchSizeInvalid(uint256 members);

    constructor(address admin, CampaignFactory factory_) AccessControlDefaultAdminRules(1 days, admin) {
        factory = factory_;
    }

    /// Any number a campaign, each under its own id; all together not more than was raised.
    function recordRelease(
        bytes32 campaignId,
        bytes32 releaseId,
        address issuer,
        uint256 amount,
        uint256 fee,
        bytes32 entry
    ) external onlyRole(TREASURY_ROLE) {
        if (issuer == address(0) || amount == 0) revert ReleaseInvalid(releaseId);
        if (!_isNew(releaseId, keccak256(abi.encode(campaignId, issuer, amount, fee)), entry)) return;
        (,, bool successful, uint256 raised) = factory.standing(campaignId);
        if (!successful) revert CampaignNotSuccessful(campaignId);
        uint256 released = releasedOf[campaignId] + amount + fee;
        if (released > raised) revert RaisedExceeded(releaseId, raised, released);
        releasedOf[campaignId] = released;
        emit ReleaseRecorded(releaseId, entry, campaignId, issuer, amount, fee);
    }

    /// One an investment, whenever it is. While its campaign is not closed, the campaign must agree and counts it out.
    function recordRefunds(Refund[] calldata members) external onlyRole(TREASURY_ROLE) {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        CampaignImplementation campaign;
        bytes32 known;
        bool closed;
        uint256 raised;
        for (uint256 i = 0; i < members.length; ++i) {
            Refund calldata m = members[i];
            if (m.investor == address(0) || m.amount == 0) revert RefundInvalid(m.investmentId);
            bytes32 digest = keccak256(abi.encode(m.campaignId, m.investor, m.amount));
            if (!_isNew(m.investmentId, digest, m.entry)) continue;
            if (address(campaign) == address(0) || m.campaignId != known) {
                bool successful;
                (campaign, closed, successful, raised) = factory.standing(m.campaignId);
                if (address(campaign) == address(0)) revert CampaignUnknown(m.campaignId);
                if (successful) revert CampaignNotFailed(m.campaignId);
                known = m.campaignId;
            }
            if (closed) _refundOfFailed(m, raised);
            else campaign.withdraw(m.investmentId, m.amount);
            emit RefundRecorded(m.investmentId, m.entry, m.campaignId, m.investor, m.amount);
        }
    }

    function _refundOfFailed(Refund calldata m, uint256 raised) private {
        uint256 refunded = refundedOf[m.campaignId] + m.amount;
        if (refunded > raised) revert RaisedExceeded(m.investmentId, raised, refunded);
        refundedOf[m.campaignId] = refunded;
    }
}
