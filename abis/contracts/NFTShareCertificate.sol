// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {CampaignFactory} from "./CampaignFactory.sol";
import {Posted} from "./Posted.sol";

/// Share certificates: ERC-721 tokens that do not move (ERC-5192), token id = investment id.
contract NFTShareCertificate is ERC721, AccessControlDefaultAdminRules, Posted {
    struct Certificate {
        uint256 tokenId;
        bytes32 campaignId;
        address holder;
        uint256 shares;
        bytes32 entry;
    }

    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes4 private constant ERC5192 = 0xb45a3c0e;
    uint256 public constant MEMBERS_MAX = 100;

    CampaignFactory public immutable factory;

    mapping(uint256 tokenId => uint256) public sharesOf;

    /// ERC-5192
    event Locked(uint256 tokenId);
    event CertificateIssued(
        uint256 indexed tokenId, bytes32 indexed entry, bytes32 campaignId, address holder, uint256 shares
    );

    error CertificateLocked(uint256 tokenId);
    error CertificateInvalid(uint256 tokenId);
    /// Certificates are issued for campaigns that closed as successful.
    error CampaignNotSuccessful(bytes32 campaignId);
    error BatchSizeInvalid(uint256 members);

    constructor(address admin, CampaignFactory factory_)
        ERC721("Tandem Share Certificate", "TSC")
        AccessControlDefaultAdminRules(1 days, admin)
    {
        factory = factory_;
    }

    function issueCertificates(Certificate[] calldata members) external onlyRole(REGISTRAR_ROLE) {
        if (members.length == 0 || members.length > MEMBERS_MAX) revert BatchSizeInvalid(members.length);
        bytes32 known;
        for (uint256 i = 0; i < members.length; ++i) {
            Certificate calldata m = members[i];
            if (m.holder == address(0) || m.shares == 0) revert CertificateInvalid(m.tokenId);
            bytes32 digest = keccak256(abi.encode(m.campaignId, m.holder, m.shares));
            if (!_isNew(bytes32(m.tokenId), digest, m.entry)) continue;
            if (m.campaignId != known) {
                if (!factory.isSuccessful(m.campaignId)) revert CampaignNotSuccessful(m.campaignId);
                known = m.campaignId;
            }
            sharesOf[m.tokenId] = m.shares;
            // Not _safeMint: a holder that is a contract must not be able to stop the certificates of the others.
            _mint(m.holder, m.tokenId);
            emit Locked(m.tokenId);
            emit CertificateIssued(m.tokenId, m.entry, m.campaignId, m.holder, m.shares);
        }
    }

    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    function supportsInterface(bytes4 id)
        public
        view
        override(ERC721, AccessControlDefaultAdminRules)
        returns (bool)
    {
        return id == ERC5192 || super.supportsInterface(id);
    }

    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from != address(0)) revert CertificateLocked(tokenId);
    }
}
