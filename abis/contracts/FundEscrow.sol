// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Assets} from "./Assets.sol";
import {CampaignFactory} from "./CampaignFactory.sol";
import {CampaignImplementation, IDeposits} from "./CampaignImplementation.sol";
import {Posted} from "./Posted.sol";

/// The escrow: releases after success, or refunds after failure, never both, never more than was raised. What goes back
/// before the closing leaves the campaign itself. Of fiat campaigns it is a mirror. Of campaigns in the chain's own coin
/// it holds the deposits, and these rules hold whoever has which role:
///
/// * a deposit leaves as a part of a release after success, or to its depositor, and in no other way;
/// * whoever is paid takes the coin (`withdraw`, `reclaim`), so that a receiver who refuses it keeps up nobody else;
/// * the balance covers all deposits that are not released, and all credits.
contract FundEscrow is AccessControlDefaultAdminRules, ReentrancyGuard, Posted, IDeposits {
    struct Refund {
        bytes32 campaignId;
        bytes32 investmentId;
        address investor;
        uint256 amount;
        bytes32 entry;
    }

    /// HELD: not recorded by its campaign. RECORDED: counts as raised. REFUNDED: waits for its depositor. RECLAIMED: gone.
    enum DepositState {
        NONE,
        HELD,
        RECORDED,
        REFUNDED,
        RECLAIMED
    }

    struct Deposit {
        CampaignImplementation campaign;
        DepositState state;
        uint256 amount;
    }

    bytes32 public constant TREASURY_ROLE = keccak256("TREASURY_ROLE");
    uint256 public constant MEMBERS_MAX = 200;
    uint64 public constant EMERGENCY_NOTICE = 30 days;

    CampaignFactory public immutable factory;

    /// What left for the issuer, fees included.
    mapping(bytes32 campaignId => uint256) public releasedOf;
    /// What went back after the failure. What went back before the closing is no longer in the campaign's sum.
    mapping(bytes32 campaignId => uint256) public refundedOf;

    /// One a depositor and investment. A stranger who deposits for somebody else's investment stands in nobody's way:
    /// it is recorded only with the deposit of the very investor.
    mapping(bytes32 investmentId => mapping(address depositor => Deposit)) public depositOf;
    /// The deposits of a campaign that are recorded and not refunded, released or not.
    mapping(bytes32 campaignId => uint256) public heldOf;
    /// What issuers, and whoever takes the fees, may withdraw.
    mapping(address payee => uint256) public creditOf;
    /// When the emergency of a campaign begins (0: none is announced).
    mapping(bytes32 campaignId => uint64) public emergencyAt;
    /// Who is credited with the fees of releases from now on.
    address public feeWallet;

    /// Money of a successful campaign goes to its issuer, and a fee to the platform; in coin both are credited.
    event ReleaseRecorded(
        bytes32 indexed releaseId,
        bytes32 indexed entry,
        bytes32 campaignId,
        address issuer,
        uint256 amount,
        uint256 fee
    );
    /// The money of an investment goes back; in coin its depositor may take it.
    event RefundRecorded(
        bytes32 indexed investmentId, bytes32 indexed entry, bytes32 campaignId, address investor, uint256 amount
    );
    /// Somebody paid coin for an investment. It counts once the campaign records it.
    event Deposited(
        bytes32 indexed investmentId, bytes32 indexed campaignId, address indexed depositor, uint256 amount
    );
    /// A depositor took a deposit back.
    event DepositReclaimed(
        bytes32 indexed investmentId, bytes32 indexed campaignId, address indexed depositor, uint256 amount
    );
    /// A payee took what releases had credited.
    event CreditWithdrawn(address indexed payee, uint256 amount);
    /// From `beginsAt` (seconds since 1970) on the coin of this campaign only goes back, unless it is cancelled before.
    event EmergencyAnnounced(bytes32 indexed campaignId, uint64 beginsAt);
    /// There will be no emergency.
    event EmergencyCancelled(bytes32 indexed campaignId);
    /// The fees of later releases are credited to this wallet.
    event FeeWalletSet(address indexed feeWallet);

    /// There is no campaign of this id.
    error CampaignUnknown(bytes32 campaignId);
    /// Releases and certificates are of campaigns that closed as successful.
    error CampaignNotSuccessful(bytes32 campaignId);
    /// A successful campaign gives nothing back.
    error CampaignNotFailed(bytes32 campaignId);
    /// A release has an issuer and an amount.
    error ReleaseInvalid(bytes32 releaseId);
    /// A refund has an investor and an amount.
    error RefundInvalid(bytes32 investmentId);
    /// More would leave the escrow than the campaign raised.
    error RaisedExceeded(bytes32 key, uint256 raised, uint256 given);
    /// A batch has one member at least, and MEMBERS_MAX at most.
    error BatchSizeInvalid(uint256 members);
    /// The campaign is not in the chain's own coin, or is closed, paused or past its deadline.
    error DepositsRefused(bytes32 campaignId);
    /// A deposit has an amount, of 128 bits at most.
    error DepositInvalid(bytes32 investmentId);
    /// This depositor has deposited for this investment before, whatever became of it.
    error DepositExists(bytes32 investmentId, address depositor);
    /// The investor has no deposit for this investment and campaign that could be recorded or refunded.
    error DepositMissing(bytes32 investmentId, address investor);
    /// Another amount was deposited than is to be recorded or refunded.
    error DepositDiffers(bytes32 investmentId, uint256 have, uint256 given);
    /// Nothing of this depositor can be taken back now.
    error NotReclaimable(bytes32 investmentId, address depositor);
    /// Nothing is credited to this payee.
    error NothingToWithdraw(address payee);
    /// The receiver refused the coin, which stays where it was.
    error TransferFailed(address receiver);
    /// Fees are credited to somebody.
    error FeeWalletMissing();
    /// An emergency is of a campaign in the chain's own coin.
    error CampaignNotNative(bytes32 campaignId);
    /// An emergency of this campaign is announced already.
    error EmergencyIsAnnounced(bytes32 campaignId);
    /// None is announced, or it has begun: then depositors may have taken their part already, and it stays.
    error EmergencyNotCancellable(bytes32 campaignId);
    /// The emergency has begun: from now on the coin of this campaign only goes back to its depositors.
    error EmergencyHasBegun(bytes32 campaignId);

    constructor(address admin, CampaignFactory factory_, address feeWallet_)
        AccessControlDefaultAdminRules(1 days, admin)
    {
        if (feeWallet_ == address(0)) revert FeeWalletMissing();
        factory = factory_;
        feeWallet = feeWallet_;
    }

    // What the journal obliges.

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
        (CampaignImplementation campaign,, bool successful, uint256 raised) = factory.standing(campaignId);
        if (!successful) revert CampaignNotSuccessful(campaignId);
        uint256 released = releasedOf[campaignId] + amount + fee;
        if (released > raised) revert RaisedExceeded(releaseId, raised, released);
        releasedOf[campaignId] = released;
        if (campaign.asset() == Assets.NATIVE) {
            if (hasEmergency(campaignId)) revert EmergencyHasBegun(campaignId);
            creditOf[issuer] += amount;
            creditOf[feeWallet] += fee;
        }
        emit ReleaseRecorded(releaseId, entry, campaignId, issuer, amount, fee);
    }

    /// One an investment, whenever it is. While its campaign is not closed, the campaign must agree and counts it out.
    function recordRefunds(Refund[] calldata members) external onlyRole(TREASURY_ROLE) {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        CampaignImplementation campaign;
        bytes32 known;
        bool closed;
        bool native;
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
                native = campaign.asset() == Assets.NATIVE;
            }
            if (native) _refundDeposit(m, campaign);
            if (closed) _refundOfFailed(m, raised);
            else campaign.withdraw(m.investmentId, m.amount);
            emit RefundRecorded(m.investmentId, m.entry, m.campaignId, m.investor, m.amount);
        }
    }

    /// A campaign records an investment: its investor's deposit counts from now on. No member of a batch pays for
    /// asking the factory: a deposit remembers the contract that it was made for.
    function recordDeposit(bytes32 campaignId, bytes32 investmentId, address investor, uint256 amount) external {
        Deposit storage deposited = depositOf[investmentId][investor];
        if (address(deposited.campaign) != msg.sender || deposited.state != DepositState.HELD) {
            revert DepositMissing(investmentId, investor);
        }
        if (deposited.amount != amount) revert DepositDiffers(investmentId, deposited.amount, amount);
        if (hasEmergency(campaignId)) revert EmergencyHasBegun(campaignId);
        deposited.state = DepositState.RECORDED;
        heldOf[campaignId] += amount;
    }

    // What depositors and payees do.

    /// Pay for an investment in a campaign in the chain's own coin, once. It counts when the campaign records exactly
    /// this amount for exactly this depositor; otherwise it can be taken back.
    function deposit(bytes32 campaignId, bytes32 investmentId) external payable nonReentrant {
        CampaignImplementation campaign = _campaign(campaignId);
        if (emergencyAt[campaignId] != 0) revert EmergencyIsAnnounced(campaignId);
        if (!campaign.takesDeposits()) revert DepositsRefused(campaignId);
        if (msg.value == 0 || msg.value > type(uint128).max) revert DepositInvalid(investmentId);
        Deposit storage deposited = depositOf[investmentId][msg.sender];
        if (deposited.state != DepositState.NONE) revert DepositExists(investmentId, msg.sender);
        (deposited.campaign, deposited.state, deposited.amount) = (campaign, DepositState.HELD, msg.value);
        emit Deposited(investmentId, campaignId, msg.sender, msg.value);
    }

    /// Take back one's own deposit, as far as `reclaimable` says.
    function reclaim(bytes32 investmentId) external nonReentrant {
        uint256 amount = reclaimable(investmentId, msg.sender);
        if (amount == 0) revert NotReclaimable(investmentId, msg.sender);
        Deposit storage deposited = depositOf[investmentId][msg.sender];
        deposited.state = DepositState.RECLAIMED;
        emit DepositReclaimed(investmentId, deposited.campaign.campaignId(), msg.sender, amount);
        _pay(amount);
    }

    /// Take what releases have credited.
    function withdraw() external nonReentrant {
        uint256 amount = creditOf[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        creditOf[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, amount);
        _pay(amount);
    }

    /// How much of a deposit its depositor may take back now: all of one that was refunded; all of one that was never
    /// recorded, once it cannot be any more; in an emergency all that is not released, each depositor the same part.
    function reclaimable(bytes32 investmentId, address depositor) public view returns (uint256) {
        Deposit storage deposited = depositOf[investmentId][depositor];
        if (deposited.state == DepositState.REFUNDED) return deposited.amount;
        if (deposited.state != DepositState.HELD && deposited.state != DepositState.RECORDED) return 0;
        bytes32 campaignId = deposited.campaign.campaignId();
        if (deposited.state == DepositState.HELD) {
            bool isOver = deposited.campaign.closed() || deposited.campaign.isRecordingOver();
            return isOver || hasEmergency(campaignId) ? deposited.amount : 0;
        }
        if (!hasEmergency(campaignId)) return 0;
        uint256 held = heldOf[campaignId];
        return deposited.amount * (held - releasedOf[campaignId]) / held;
    }

    // What the admin does.

    /// After the notice, depositors of this campaign may take back everything that is not released. This can only ever
    /// return coin to its depositors.
    function announceEmergency(bytes32 campaignId) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (_campaign(campaignId).asset() != Assets.NATIVE) revert CampaignNotNative(campaignId);
        if (emergencyAt[campaignId] != 0) revert EmergencyIsAnnounced(campaignId);
        uint64 beginsAt = uint64(block.timestamp) + EMERGENCY_NOTICE;
        emergencyAt[campaignId] = beginsAt;
        emit EmergencyAnnounced(campaignId, beginsAt);
    }

    function cancelEmergency(bytes32 campaignId) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (emergencyAt[campaignId] == 0 || hasEmergency(campaignId)) revert EmergencyNotCancellable(campaignId);
        delete emergencyAt[campaignId];
        emit EmergencyCancelled(campaignId);
    }

    /// Fees credited before stay with whom they were credited to.
    function setFeeWallet(address feeWallet_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (feeWallet_ == address(0)) revert FeeWalletMissing();
        feeWallet = feeWallet_;
        emit FeeWalletSet(feeWallet_);
    }

    /// Whether an emergency was announced, and its notice is over.
    function hasEmergency(bytes32 campaignId) public view returns (bool) {
        uint64 beginsAt = emergencyAt[campaignId];
        return beginsAt != 0 && block.timestamp >= beginsAt;
    }

    function _refundOfFailed(Refund calldata m, uint256 raised) private {
        uint256 refunded = refundedOf[m.campaignId] + m.amount;
        if (refunded > raised) revert RaisedExceeded(m.investmentId, raised, refunded);
        refundedOf[m.campaignId] = refunded;
    }

    function _refundDeposit(Refund calldata m, CampaignImplementation campaign) private {
        Deposit storage deposited = depositOf[m.investmentId][m.investor];
        if (address(deposited.campaign) != address(campaign) || deposited.state != DepositState.RECORDED) {
            revert DepositMissing(m.investmentId, m.investor);
        }
        if (deposited.amount != m.amount) revert DepositDiffers(m.investmentId, deposited.amount, m.amount);
        if (hasEmergency(m.campaignId)) revert EmergencyHasBegun(m.campaignId);
        deposited.state = DepositState.REFUNDED;
        heldOf[m.campaignId] -= m.amount;
    }

    function _campaign(bytes32 campaignId) private view returns (CampaignImplementation campaign) {
        (campaign,,,) = factory.standing(campaignId);
        if (address(campaign) == address(0)) revert CampaignUnknown(campaignId);
    }

    /// Whoever asks is paid, and nobody else ever.
    function _pay(uint256 amount) private {
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert TransferFailed(msg.sender);
    }
}
