// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Posted} from "./Posted.sol";

/// The record of one campaign's investments, as a clone made by the factory. Fiat money moves off the chain; this is
/// the mirror of what the journal says was received.
contract CampaignImplementation is Posted {
    struct Investment {
        bytes32 investmentId;
        address investor;
        uint256 amount;
        uint256 shares;
        bytes32 entry;
    }

    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    uint256 public constant MEMBERS_MAX = 200;

    address public factory;
    bytes32 public campaignId;
    uint256 public cap;
    uint256 public totalRaised;
    uint64 public deadline;
    bool public closed;
    bool public successful;

    event InvestmentRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, address investor, uint256 amount, uint256 shares
    );
    event CampaignClosed(bytes32 indexed campaignId, bytes32 indexed entry, bool successful, uint256 raised);

    error AlreadyInitialized();
    error NotOperator(address account);
    error CampaignIsClosed(bytes32 campaignId);
    error BatchSizeInvalid(uint256 members);
    /// The member named by its key cannot be recorded: without investor, amount or shares.
    error InvestmentInvalid(bytes32 investmentId);
    error CapExceeded(bytes32 investmentId, uint256 raised, uint256 cap);
    /// The journal and the chain disagree about what was raised.
    error RaisedMismatch(uint256 have, uint256 given);

    /// The template itself can never be used as a campaign.
    constructor() {
        factory = address(this);
    }

    modifier onlyOperator() {
        if (!IAccessControl(factory).hasRole(OPERATOR_ROLE, msg.sender)) revert NotOperator(msg.sender);
        _;
    }

    function initialize(bytes32 campaignId_, uint256 cap_, uint64 deadline_) external {
        if (factory != address(0)) revert AlreadyInitialized();
        factory = msg.sender;
        campaignId = campaignId_;
        cap = cap_;
        deadline = deadline_;
    }

    function recordInvestments(Investment[] calldata members) external onlyOperator {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        uint256 raised = totalRaised;
        for (uint256 i = 0; i < members.length; ++i) {
            Investment calldata m = members[i];
            if (m.investor == address(0) || m.amount == 0 || m.shares == 0) revert InvestmentInvalid(m.investmentId);
            if (!_isNew(m.investmentId, keccak256(abi.encode(m.investor, m.amount, m.shares)), m.entry)) continue;
            if (closed) revert CampaignIsClosed(campaignId);
            raised += m.amount;
            if (raised > cap) revert CapExceeded(m.investmentId, raised, cap);
            emit InvestmentRecorded(m.investmentId, m.entry, m.investor, m.amount, m.shares);
        }
        totalRaised = raised;
    }

    /// Once, whatever the outcome; `raised` must be what was recorded here.
    function close(bool successful_, uint256 raised, bytes32 entry) external onlyOperator {
        if (!_isNew(campaignId, keccak256(abi.encode(successful_, raised)), entry)) return;
        if (raised != totalRaised) revert RaisedMismatch(totalRaised, raised);
        closed = true;
        successful = successful_;
        emit CampaignClosed(campaignId, entry, successful_, raised);
    }
}
