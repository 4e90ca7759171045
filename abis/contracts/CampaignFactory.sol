// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Assets} from "./Assets.sol";
import {CampaignImplementation} from "./CampaignImplementation.sol";
import {IssuerRegistry} from "./IssuerRegistry.sol";
import {Posted} from "./Posted.sol";

/// Makes one clone a campaign, at an address that follows from the campaign id alone (CREATE2, salt = campaign id).
/// The clones keep no roles of their own: they ask here, so that none is ever without its operator.
contract CampaignFactory is AccessControlDefaultAdminRules, Pausable, Posted {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// Held by the escrow's contract: it takes investments out of campaigns that are not closed.
    bytes32 public constant ESCROW_ROLE = keccak256("ESCROW_ROLE");
    uint64 public constant DURATION_MAX = 365 days;

    CampaignImplementation public immutable implementation;
    IssuerRegistry public immutable registry;
    /// Where the escrow is or will be: every campaign asks it for the deposits behind its investments.
    address public immutable escrow;

    /// A campaign has its contract, and ends at its deadline (seconds since 1970) unless that is moved.
    event CampaignCreated(
        bytes32 indexed campaignId,
        bytes32 indexed entry,
        address campaign,
        bytes32 companyId,
        uint256 fundingGoal,
        uint256 threshold,
        uint256 cap,
        uint64 deadline,
        uint8 asset,
        bytes32 termsHash
    );

    /// The company is not in the issuer registry.
    error IssuerUnknown(bytes32 companyId);
    /// The company may open no campaign.
    error IssuerInactive(bytes32 companyId);
    /// The goal and the threshold must be above zero, the cap below neither, the duration between one second and a year.
    error TermsInvalid(uint256 fundingGoal, uint256 threshold, uint256 cap, uint64 duration);
    /// A campaign is paid in fiat money (0) or in the chain's own coin (1).
    error AssetUnknown(uint8 asset);
    /// Without the escrow a campaign in the chain's own coin would record what nobody has deposited.
    error EscrowMissing();

    constructor(
        address admin,
        CampaignImplementation implementation_,
        IssuerRegistry registry_,
        address escrow_
    ) AccessControlDefaultAdminRules(1 days, admin) {
        if (escrow_ == address(0)) revert EscrowMissing();
        implementation = implementation_;
        registry = registry_;
        escrow = escrow_;
    }

    function createCampaign(
        bytes32 campaignId,
        bytes32 companyId,
        uint256 fundingGoal,
        uint256 threshold,
        uint256 cap,
        uint64 duration,
        uint8 asset,
        bytes32 termsHash,
        bytes32 entry
    ) external onlyRole(OPERATOR_ROLE) whenNotPaused {
        if (fundingGoal == 0 || threshold == 0 || cap < fundingGoal || cap < threshold) {
            revert TermsInvalid(fundingGoal, threshold, cap, duration);
        }
        if (duration == 0 || duration > DURATION_MAX) revert TermsInvalid(fundingGoal, threshold, cap, duration);
        if (asset > Assets.NATIVE) revert AssetUnknown(asset);
        bytes32 digest = keccak256(abi.encode(companyId, fundingGoal, threshold, cap, duration, asset, termsHash));
        if (!_isNew(campaignId, digest, entry)) return;
        if (!registry.isRegistered(companyId)) revert IssuerUnknown(companyId);
        if (!registry.isActive(companyId)) revert IssuerInactive(companyId);
        address campaign = Clones.cloneDeterministic(address(implementation), campaignId);
        uint64 deadline = uint64(block.timestamp) + duration;
        CampaignImplementation(campaign).initialize(campaignId, threshold, cap, deadline, asset);
        emit CampaignCreated(
            campaignId, entry, campaign, companyId, fundingGoal, threshold, cap, deadline, asset, termsHash
        );
    }

    /// Where the campaign of this id is or will be.
    function campaignAddress(bytes32 campaignId) public view returns (address) {
        return Clones.predictDeterministicAddress(address(implementation), campaignId);
    }

    /// Whether the campaign exists and closed as successful.
    function isSuccessful(bytes32 campaignId) external view returns (bool) {
        return digestOf[campaignId] != 0 && CampaignImplementation(campaignAddress(campaignId)).successful();
    }

    /// How the campaign stands; no address if there is none. What was withdrawn before the closing is not in `raised`.
    function standing(bytes32 campaignId)
        external
        view
        returns (CampaignImplementation campaign, bool closed, bool successful, uint256 raised)
    {
        if (digestOf[campaignId] == 0) return (campaign, false, false, 0);
        campaign = CampaignImplementation(campaignAddress(campaignId));
        return (campaign, campaign.closed(), campaign.successful(), campaign.totalRaised());
    }

    function pause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }
}
