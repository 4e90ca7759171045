// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// In what a campaign is paid: never in both.
library Assets {
    /// Fiat money moves off the chain; the chain mirrors what the journal says of it.
    uint8 internal constant FIAT = 0;
    /// The chain's own coin, which the escrow holds.
    uint8 internal constant NATIVE = 1;
}
