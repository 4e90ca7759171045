// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {CampaignFactory} from "./CampaignFactory.sol";
import {Posted} from "./Posted.sol";

/// Share certificates: ERC-721 tokens that do not move by themselves (ERC-5192), token id = investment id. The registrar
/// takes one back, enters it anew for another holder, or approves one transfer, which then the holder makes.
contract NFTShareCertificate is ERC721, AccessControlDefaultAdminRules, Posted {
    struct Certificate {
        uint256 tokenId;
        bytes32 campaignId;
        address holder;
        uint256 shares;
        bytes24 contentHash;
        bytes32 entry;
    }

    /// What a certificate says, in one word. The hash is the first 24 bytes of the SHA-256 of the certificate's document
    /// (SHA-256/192 of NIST SP 800-208): 96 bits against a collision, and no storage of its own.
    struct Content {
        uint64 shares;
        bytes24 contentHash;
    }

    struct ApprovedTransfer {
        address to;
        bytes32 changeId;
        bytes32 entry;
    }

    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes4 private constant ERC5192 = 0xb45a3c0e;
    bytes4 private constant ERC4906 = 0x49064906;
    uint256 public constant MEMBERS_MAX = 100;
    bytes16 private constant DIGITS = "0123456789abcdef";

    /// What a change is, in its digest.
    uint8 private constant REVOCATION = 1;
    uint8 private constant REISSUE = 2;
    uint8 private constant TRANSFER_APPROVAL = 3;

    /// Why a transfer is restricted, after the idea of ERC-1404.
    uint8 private constant UNRESTRICTED = 0;
    uint8 private constant NOT_HELD = 1;
    uint8 private constant NOT_THE_HOLDER = 2;
    uint8 private constant LOCKED = 3;
    uint8 private constant OTHER_RECEIVER = 4;

    CampaignFactory public immutable factory;

    /// The one transfer that a certificate may make (to nobody: it is locked).
    mapping(uint256 tokenId => ApprovedTransfer) public approvedTransferOf;
    /// Who held a certificate that is revoked.
    mapping(uint256 tokenId => address) public revokedFrom;
    /// Kept through a revocation, so that a certificate comes back with what it was issued for.
    mapping(uint256 tokenId => Content) private _contents;
    /// What every token URI begins with.
    string public baseURI;

    /// ERC-5192: no transfer is approved, or none any more.
    event Locked(uint256 tokenId);
    /// ERC-5192: one transfer is approved.
    event Unlocked(uint256 tokenId);
    /// ERC-4906: the base of all token URIs has changed. What they lead to never changes.
    event BatchMetadataUpdate(uint256 fromTokenId, uint256 toTokenId);

    /// A certificate is entered in the register, with the hash of its document.
    event CertificateIssued(
        uint256 indexed tokenId,
        bytes32 indexed entry,
        bytes32 campaignId,
        address holder,
        uint256 shares,
        bytes24 contentHash
    );
    /// A certificate was taken from its holder.
    event CertificateRevoked(
        bytes32 indexed changeId, bytes32 indexed entry, uint256 tokenId, address holder, bytes32 evidence
    );
    /// A certificate was entered anew, for this holder.
    event CertificateReissued(
        bytes32 indexed changeId,
        bytes32 indexed entry,
        uint256 tokenId,
        address previous,
        address holder,
        bytes32 evidence
    );
    /// The holder may transfer the certificate to this receiver, once.
    event TransferApproved(
        bytes32 indexed changeId,
        bytes32 indexed entry,
        uint256 tokenId,
        address holder,
        address to,
        bytes32 evidence
    );
    /// The holder made the transfer that the change approved; `entry` is that of the approval.
    event CertificateTransferred(
        bytes32 indexed changeId, bytes32 indexed entry, uint256 tokenId, address from, address to
    );

    /// No transfer is approved, or only one to another receiver.
    error CertificateLocked(uint256 tokenId);
    /// A certificate is of an investment (its id has 128 bits), has a holder, shares below 2^64, and a document.
    error CertificateInvalid(uint256 tokenId);
    /// Nobody holds it: it was never issued, or is revoked.
    error CertificateNotHeld(uint256 tokenId);
    /// Only what was issued is reissued.
    error CertificateNotIssued(uint256 tokenId);
    /// A transfer is approved to somebody, and to somebody else than the holder.
    error ReceiverInvalid(uint256 tokenId, address to);
    /// A change of the register names the hash of what it rests on.
    error EvidenceMissing(bytes32 changeId);
    /// Releases and certificates are of campaigns that closed as successful.
    error CampaignNotSuccessful(bytes32 campaignId);
    /// A batch has one member at least, and MEMBERS_MAX at most.
    error BatchSizeInvalid(uint256 members);
    /// Token URIs begin with something.
    error BaseURIMissing();

    constructor(address admin, CampaignFactory factory_, string memory baseURI_)
        ERC721("Tandem Share Certificate", "TSC")
        AccessControlDefaultAdminRules(1 days, admin)
    {
        if (bytes(baseURI_).length == 0) revert BaseURIMissing();
        factory = factory_;
        baseURI = baseURI_;
    }

    function issueCertificates(Certificate[] calldata members) external onlyRole(REGISTRAR_ROLE) {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        bytes32 known;
        for (uint256 i = 0; i < members.length; ++i) {
            Certificate calldata m = members[i];
            if (!_isWhole(m)) revert CertificateInvalid(m.tokenId);
            bytes32 digest = keccak256(abi.encode(m.campaignId, m.holder, m.shares, m.contentHash));
            if (!_isNew(bytes32(m.tokenId), digest, m.entry)) continue;
            if (known == 0 || m.campaignId != known) {
                if (!factory.isSuccessful(m.campaignId)) revert CampaignNotSuccessful(m.campaignId);
                known = m.campaignId;
            }
            _contents[m.tokenId] = Content(uint64(m.shares), m.contentHash);
            // Not _safeMint: a holder that is a contract must not be able to stop the certificates of the others.
            _mint(m.holder, m.tokenId);
            emit Locked(m.tokenId);
            emit CertificateIssued(m.tokenId, m.entry, m.campaignId, m.holder, m.shares, m.contentHash);
        }
    }

    /// Take a certificate back: nobody holds it, and it counts for no shares, until it is reissued.
    function revoke(bytes32 changeId, uint256 tokenId, bytes32 evidence, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (!_isNewChange(changeId, tokenId, address(0), evidence, REVOCATION, entry)) return;
        address holder = _held(tokenId);
        revokedFrom[tokenId] = holder;
        _burn(tokenId);
        emit CertificateRevoked(changeId, entry, tokenId, holder, evidence);
    }

    /// Enter a certificate anew for a holder, whoever holds it now, and also after a revocation. `previous` in the log
    /// is who held it last.
    function reissue(bytes32 changeId, uint256 tokenId, address holder, bytes32 evidence, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (holder == address(0)) revert CertificateInvalid(tokenId);
        if (!_isNewChange(changeId, tokenId, holder, evidence, REISSUE, entry)) return;
        if (_contents[tokenId].shares == 0) revert CertificateNotIssued(tokenId);
        address previous = _ownerOf(tokenId);
        if (previous == address(0)) {
            previous = revokedFrom[tokenId];
            delete revokedFrom[tokenId];
        } else {
            _burn(tokenId);
        }
        _mint(holder, tokenId);
        emit Locked(tokenId);
        emit CertificateReissued(changeId, entry, tokenId, previous, holder, evidence);
    }

    /// Let the holder, or whom the holder approved, transfer a certificate to exactly this receiver, once. A later
    /// approval takes the place of one that was not used.
    function approveTransfer(bytes32 changeId, uint256 tokenId, address to, bytes32 evidence, bytes32 entry)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        if (to == address(0)) revert ReceiverInvalid(tokenId, to);
        if (!_isNewChange(changeId, tokenId, to, evidence, TRANSFER_APPROVAL, entry)) return;
        address holder = _held(tokenId);
        if (to == holder) revert ReceiverInvalid(tokenId, to);
        bool isLocked = approvedTransferOf[tokenId].to == address(0);
        approvedTransferOf[tokenId] = ApprovedTransfer(to, changeId, entry);
        if (isLocked) emit Unlocked(tokenId);
        emit TransferApproved(changeId, entry, tokenId, holder, to, evidence);
    }

    /// Where the documents are served from now on. That they are the same documents, their hashes say.
    function setBaseURI(string calldata baseURI_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (bytes(baseURI_).length == 0) revert BaseURIMissing();
        baseURI = baseURI_;
        emit BatchMetadataUpdate(0, type(uint256).max);
    }

    /// The shares that a certificate stands for; none while it is revoked.
    function sharesOf(uint256 tokenId) external view returns (uint256) {
        return _ownerOf(tokenId) == address(0) ? 0 : _contents[tokenId].shares;
    }

    /// The hash of its document; zero while it is revoked.
    function contentHashOf(uint256 tokenId) external view returns (bytes24) {
        return _ownerOf(tokenId) == address(0) ? bytes24(0) : _contents[tokenId].contentHash;
    }

    /// Where the certificate's document is, and by what hash it is known. Nobody's certificate has none.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        string memory investment = _hex(bytes32(tokenId << 128), 16);
        string memory hash = _hex(_contents[tokenId].contentHash, 24);
        return string.concat(baseURI, investment, "/metadata#sha256-192=", hash);
    }

    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return approvedTransferOf[tokenId].to == address(0);
    }

    /// What would keep the holder from this transfer; 0 if nothing would.
    function detectTransferRestriction(address from, address to, uint256 tokenId) external view returns (uint8) {
        address holder = _ownerOf(tokenId);
        if (holder == address(0)) return NOT_HELD;
        if (from != holder) return NOT_THE_HOLDER;
        address approved = approvedTransferOf[tokenId].to;
        if (approved == address(0)) return LOCKED;
        return to == approved ? UNRESTRICTED : OTHER_RECEIVER;
    }

    function messageForTransferRestriction(uint8 code) external pure returns (string memory) {
        if (code == UNRESTRICTED) return "Nothing restricts this transfer.";
        if (code == NOT_HELD) return "Nobody holds this certificate: it was not issued, or it is revoked.";
        if (code == NOT_THE_HOLDER) return "The sender does not hold this certificate.";
        if (code == LOCKED) return "The certificate is locked: the registrar has approved no transfer.";
        if (code == OTHER_RECEIVER) return "The registrar has approved a transfer to another receiver.";
        return "No restriction has this code.";
    }

    function supportsInterface(bytes4 id)
        public
        view
        override(ERC721, AccessControlDefaultAdminRules)
        returns (bool)
    {
        return id == ERC5192 || id == ERC4906 || super.supportsInterface(id);
    }

    function _isWhole(Certificate calldata m) private pure returns (bool) {
        bool counts = m.shares != 0 && m.shares <= type(uint64).max;
        return counts && m.tokenId <= type(uint128).max && m.holder != address(0) && m.contentHash != 0;
    }

    /// The first bytes of a word as lower-case hex.
    function _hex(bytes32 word, uint256 length) private pure returns (string memory) {
        bytes memory text = new bytes(2 * length);
        for (uint256 i = 0; i < length; ++i) {
            text[2 * i] = DIGITS[uint8(word[i]) >> 4];
            text[2 * i + 1] = DIGITS[uint8(word[i]) & 15];
        }
        return string(text);
    }

    function _held(uint256 tokenId) private view returns (address holder) {
        holder = _ownerOf(tokenId);
        if (holder == address(0)) revert CertificateNotHeld(tokenId);
    }

    function _isNewChange(
        bytes32 changeId,
        uint256 tokenId,
        address holder,
        bytes32 evidence,
        uint8 kind,
        bytes32 entry
    ) private returns (bool) {
        if (evidence == 0) revert EvidenceMissing(changeId);
        return _isNew(changeId, keccak256(abi.encode(tokenId, holder, evidence, kind)), entry);
    }

    /// Issuing and taking back are the registrar's. Between two holders only the approved transfer passes, and it is
    /// used up; whoever takes a certificate back ends what was approved, too.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) return from;
        ApprovedTransfer memory approved = approvedTransferOf[tokenId];
        delete approvedTransferOf[tokenId];
        if (to == address(0)) return from;
        if (to != approved.to) revert CertificateLocked(tokenId);
        emit Locked(tokenId);
        emit CertificateTransferred(approved.changeId, approved.entry, tokenId, from, to);
    }
}
