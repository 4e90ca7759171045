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
    bytes32 public constant ESCROW_ROLE = keccak256("ESCROW_ROLE");
    uint256 public constant MEMBERS_MAX = 200;

    address public factory;
    bytes32 public campaignId;
    uint256 public cap;
    uint256 public totalRaised;
    uint64 public deadline;
    bool public closed;
    bool public successful;
    mapping(bytes32 investmentId => bool) public withdrawn;

    event InvestmentRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, address investor, uint256 amount, uint256 shares
    );
    /// The money went back before the closing: it no longer counts. The escrow's own log names the entry.
    event InvestmentWithdrawn(bytes32 indexed investmentId, uint256 amount);
    event CampaignClosed(bytes32 indexed campaignId, bytes32 indexed entry, bool successful, uint256 raised);

    error AlreadyInitialized();
    error NotOperator(address account);
    error NotEscrow(address account);
    error CampaignIsClosed(bytes32 campaignId);
    error BatchSizeInvalid(uint256 members);
    /// The member named by its key cannot be recorded: without investor, amount or shares, or beyond 128 bits.
    error InvestmentInvalid(bytes32 investmentId);
    error CapExceeded(bytes32 investmentId, uint256 raised, uint256 cap);
    /// The journal and the chain disagree about what was raised.
    error RaisedMismatch(uint256 have, uint256 given);
    /// Nothing is recorded that could be withdrawn.
    error InvestmentUnknown(bytes32 investmentId);
    error AmountDiffers(bytes32 investmentId, uint256 have, uint256 given);
    error AlreadyWithdrawn(bytes32 investmentId);

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
        bool isClosed = closed;
        uint256 raised = totalRaised;
        for (uint256 i = 0; i < members.length; ++i) {
            Investment calldata m = members[i];
            if (m.investor == address(0) || m.amount == 0 || m.amount > type(uint128).max || m.shares == 0) {
                revert InvestmentInvalid(m.investmentId);
            }
            if (!_isNew(m.investmentId, _digest(m), m.entry)) continue;
            if (isClosed) revert CampaignIsClosed(campaignId);
            raised += m.amount;
            if (raised > cap) revert CapExceeded(m.investmentId, raised, cap);
            emit InvestmentRecorded(m.investmentId, m.entry, m.investor, m.amount, m.shares);
        }
        totalRaised = raised;
    }

    /// The escrow gives an investment back while the campaign is not closed.
    function withdraw(bytes32 investmentId, uint256 amount) external {
        if (!IAccessControl(factory).hasRole(ESCROW_ROLE, msg.sender)) revert NotEscrow(msg.sender);
        if (closed) revert CampaignIsClosed(campaignId);
        uint256 have = uint128(uint256(digestOf[investmentId]));
        if (have == 0) revert InvestmentUnknown(investmentId);
        if (have != amount) revert AmountDiffers(investmentId, have, amount);
        if (withdrawn[investmentId]) revert AlreadyWithdrawn(investmentId);
        withdrawn[investmentId] = true;
        totalRaised -= amount;
        emit InvestmentWithdrawn(investmentId, amount);
    }

    /// Once, whatever the outcome; `raised` must be what was recorded here.
    function close(bool successful_, uint256 raised, bytes32 entry) external onlyOperator {
        if (!_isNew(campaignId, keccak256(abi.encode(successful_, raised)), entry)) return;
        if (raised != totalRaised) revert RaisedMismatch(totalRaised, raised);
        closed = true;
        successful = successful_;
        emit CampaignClosed(campaignId, entry, successful_, raised);
    }

    /// The left half of the hash of the content, then the amount: so `withdraw` finds the amount again, and no
    /// investment pays for a second word of storage.
    function _digest(Investment calldata m) private pure returns (bytes32) {
        return bytes32(bytes16(keccak256(abi.encode(m.investor, m.amount, m.shares)))) | bytes32(m.amount);
    }
}
