// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Assets} from "./Assets.sol";
import {Revised} from "./Revised.sol";

/// What a campaign asks of its factory.
interface IFactory is IAccessControl {
    function escrow() external view returns (address);
}

/// What a campaign asks of the escrow.
interface IDeposits {
    function recordDeposit(bytes32 campaignId, bytes32 investmentId, address investor, uint256 amount) external;
}

/// The record of one campaign's investments, as a clone made by the factory. Of fiat money, which moves off the chain,
/// this is the mirror of what the journal says was received; of the chain's own coin, the escrow holds the deposits.
contract CampaignImplementation is Revised {
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
    /// Fiat money of the last minute is recorded a little later than it was paid.
    uint64 public constant RECORDING_GRACE = 30 days;
    /// A deadline further away than this is a mistake.
    uint64 public constant DEADLINE_AHEAD_MAX = 730 days;

    /// What a change is, in its digest.
    uint8 private constant PAUSE = 1;
    uint8 private constant DEADLINE = 2;

    // These share one word: most calls read it once.
    address public factory;
    uint64 public deadline;
    bool public closed;
    bool public successful;
    bool public paused;
    uint8 public asset;

    bytes32 public campaignId;
    uint256 public threshold;
    uint256 public cap;
    uint256 public totalRaised;
    mapping(bytes32 investmentId => bool) public withdrawn;

    /// An investment counts as raised.
    event InvestmentRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, address investor, uint256 amount, uint256 shares
    );
    /// The money went back before the closing: it no longer counts. The escrow's own log names the entry.
    event InvestmentWithdrawn(bytes32 indexed investmentId, uint256 amount);
    /// The campaign is over, and this is what it raised.
    event CampaignClosed(bytes32 indexed campaignId, bytes32 indexed entry, bool successful, uint256 raised);
    /// A paused campaign takes no deposits.
    event PausedSet(bytes32 indexed campaignId, bytes32 indexed entry, uint64 revision, bool paused);
    /// The campaign ends later (seconds since 1970).
    event DeadlineSet(bytes32 indexed campaignId, bytes32 indexed entry, uint64 revision, uint64 deadline);

    /// A clone is set up once, by the factory that makes it. The template never is.
    error AlreadyInitialized();
    /// The sender lacks OPERATOR_ROLE at the factory.
    error NotOperator(address account);
    /// The sender lacks ESCROW_ROLE at the factory.
    error NotEscrow(address account);
    /// After the closing nothing changes any more.
    error CampaignIsClosed(bytes32 campaignId);
    /// The deadline, and the time to record what was paid before it, are over.
    error RecordingOver(bytes32 campaignId, uint64 deadline);
    /// A campaign below its threshold does not close as successful.
    error ThresholdMissed(uint256 raised, uint256 threshold);
    /// A deadline only moves to a later time, and not out of sight.
    error DeadlineInvalid(uint64 have, uint64 given);
    /// A batch has one member at least, and MEMBERS_MAX at most.
    error BatchSizeInvalid(uint256 members);
    /// The member named by its key cannot be recorded: without investor, amount or shares, or beyond 128 bits.
    error InvestmentInvalid(bytes32 investmentId);
    /// With this member the campaign would have raised more than its cap.
    error CapExceeded(bytes32 investmentId, uint256 raised, uint256 cap);
    /// The journal and the chain disagree about what was raised.
    error RaisedMismatch(uint256 have, uint256 given);
    /// Nothing is recorded that could be withdrawn.
    error InvestmentUnknown(bytes32 investmentId);
    /// Another amount is recorded than the one to be withdrawn.
    error AmountDiffers(bytes32 investmentId, uint256 have, uint256 given);
    /// The investment was let go before.
    error AlreadyWithdrawn(bytes32 investmentId);

    /// The template itself can never be used as a campaign.
    constructor() {
        factory = address(this);
    }

    modifier onlyOperator() {
        if (!IFactory(factory).hasRole(OPERATOR_ROLE, msg.sender)) revert NotOperator(msg.sender);
        _;
    }

    function initialize(bytes32 campaignId_, uint256 threshold_, uint256 cap_, uint64 deadline_, uint8 asset_)
        external
    {
        if (factory != address(0)) revert AlreadyInitialized();
        factory = msg.sender;
        deadline = deadline_;
        asset = asset_;
        campaignId = campaignId_;
        threshold = threshold_;
        cap = cap_;
    }

    /// Of a campaign in the chain's own coin, each investor has deposited exactly the amount that is recorded.
    function recordInvestments(Investment[] calldata members) external onlyOperator {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        IDeposits deposits = IDeposits(asset == Assets.NATIVE ? IFactory(factory).escrow() : address(0));
        bool isClosed = closed;
        bool isOver = isRecordingOver();
        uint256 raised = totalRaised;
        for (uint256 i = 0; i < members.length; ++i) {
            Investment calldata m = members[i];
            if (m.investor == address(0) || m.amount == 0 || m.amount > type(uint128).max || m.shares == 0) {
                revert InvestmentInvalid(m.investmentId);
            }
            if (!_isNew(m.investmentId, _digest(m), m.entry)) continue;
            if (isClosed) revert CampaignIsClosed(campaignId);
            if (isOver) revert RecordingOver(campaignId, deadline);
            raised += m.amount;
            if (raised > cap) revert CapExceeded(m.investmentId, raised, cap);
            emit InvestmentRecorded(m.investmentId, m.entry, m.investor, m.amount, m.shares);
            if (address(deposits) != address(0)) {
                deposits.recordDeposit(campaignId, m.investmentId, m.investor, m.amount);
            }
        }
        totalRaised = raised;
    }

    /// The escrow gives an investment back while the campaign is not closed.
    function withdraw(bytes32 investmentId, uint256 amount) external {
        if (!IFactory(factory).hasRole(ESCROW_ROLE, msg.sender)) revert NotEscrow(msg.sender);
        if (closed) revert CampaignIsClosed(campaignId);
        uint256 have = uint128(uint256(digestOf[investmentId]));
        if (have == 0) revert InvestmentUnknown(investmentId);
        if (have != amount) revert AmountDiffers(investmentId, have, amount);
        if (withdrawn[investmentId]) revert AlreadyWithdrawn(investmentId);
        withdrawn[investmentId] = true;
        totalRaised -= amount;
        emit InvestmentWithdrawn(investmentId, amount);
    }

    /// Once, whatever the outcome; `raised` must be what was recorded here. Without success it is always possible.
    function close(bool successful_, uint256 raised, bytes32 entry) external onlyOperator {
        if (!_isNew(campaignId, keccak256(abi.encode(successful_, raised)), entry)) return;
        if (raised != totalRaised) revert RaisedMismatch(totalRaised, raised);
        if (successful_ && raised < threshold) revert ThresholdMissed(raised, threshold);
        closed = true;
        successful = successful_;
        emit CampaignClosed(campaignId, entry, successful_, raised);
    }

    /// A paused campaign takes no deposits. What was paid before is recorded all the same.
    function setPaused(uint64 revision, bool paused_, bytes32 entry) external onlyOperator {
        if (!_isNewRevision(campaignId, revision, keccak256(abi.encode(PAUSE, paused_)), entry)) return;
        if (closed) revert CampaignIsClosed(campaignId);
        paused = paused_;
        emit PausedSet(campaignId, entry, revision, paused_);
    }

    function setDeadline(uint64 revision, uint64 deadline_, bytes32 entry) external onlyOperator {
        if (!_isNewRevision(campaignId, revision, keccak256(abi.encode(DEADLINE, deadline_)), entry)) return;
        if (closed) revert CampaignIsClosed(campaignId);
        if (deadline_ <= deadline || deadline_ > block.timestamp + DEADLINE_AHEAD_MAX) {
            revert DeadlineInvalid(deadline, deadline_);
        }
        deadline = deadline_;
        emit DeadlineSet(campaignId, entry, revision, deadline_);
    }

    /// Whether the escrow may take coin for this campaign now.
    function takesDeposits() external view returns (bool) {
        return asset == Assets.NATIVE && !closed && !paused && block.timestamp < deadline;
    }

    /// Whether nothing new is recorded any more because too much time has passed.
    function isRecordingOver() public view returns (bool) {
        return block.timestamp > uint256(deadline) + RECORDING_GRACE;
    }

    /// The left half of the hash of the content, then the amount: so `withdraw` finds the amount again, and no
    /// investment pays for a second word of storage.
    function _digest(Investment calldata m) private pure returns (bytes32) {
        return bytes32(bytes16(keccak256(abi.encode(m.investor, m.amount, m.shares)))) | bytes32(m.amount);
    }
}
