"""The registry of refusals: each code a rule can answer with, its HTTP status, and what to do about it."""

from __future__ import annotations

import msgspec


class Code(msgspec.Struct, frozen=True):
    code: str
    http_status: int
    text: str
    cure: str


_ROWS = (
    ("acknowledgement-missing", 422, "A text must be acknowledged first.", "Show the text; send its acknowledgement."),
    ("already-approved", 409, "It is approved already.", "Nothing is left to do."),
    ("already-exists", 409, "Something of this id exists already.", "Read it; use another id for another thing."),
    ("already-requested", 409, "It was requested before.", "Approve or reject the request that stands."),
    ("amount-not-positive", 422, "The amount must be above zero.", "Send a positive amount in minor units."),
    ("amount-too-large", 422, "The amount is beyond what its asset can be written in.", "Split the amount."),
    ("answers-awaited", 409, "Investors have time to answer still.", "Wait; it goes on by itself."),
    (
        "approved-otherwise",
        409,
        "The approval names other content than was submitted.",
        "Read the content again, then approve its hash.",
    ),
    ("below-minimum", 422, "The amount is below the campaign's minimum.", "Commit at least the minimum."),
    ("cancellation-closed", 409, "The time to cancel is over.", "Read the rule pack; transfers may come later."),
    ("cap-exceeded", 409, "The campaign's cap leaves no room for this amount.", "Commit at most what is available."),
    ("challenge-expired", 409, "The challenge has expired.", "Ask for another challenge and sign that."),
    ("challenge-used", 409, "The challenge was answered before.", "Ask for another challenge and sign that."),
    ("cid-not-acceptable", 422, "It is not a content identifier.", "Send a CID of version 0 or 1."),
    (
        "coin-on-chain",
        409,
        "The money is coin in the chain's escrow.",
        "Mend what made the chain refuse the effect, then release it.",
    ),
    (
        "company-not-registered",
        409,
        "The company is not approved and registered on the chain.",
        "Finish the KYB; wait for the registration's confirmation.",
    ),
    ("company-suspended", 409, "The company is suspended.", "Have compliance reinstate it."),
    ("confirmed-otherwise", 409, "Another log confirmed this.", "Look at both logs; one of them is foreign."),
    ("currency-differs", 422, "The currency is not the campaign's.", "Record the payment without an investment."),
    ("deadline-passed", 409, "The deadline has passed.", "Nothing can be done any more."),
    (
        "deposit-differs",
        409,
        "The deposit is not what this investment asks for.",
        "Let its depositor take it back; a new commitment takes a new deposit.",
    ),
    ("digest-not-acceptable", 422, "It is not a SHA-256 in hex.", "Send 64 hex digits in lower case."),
    ("documents-differ", 409, "The campaign's documents are others.", "Show the documents as they are now."),
    ("documents-missing", 409, "There are no documents.", "Attach the documents first."),
    ("documents-unapproved", 409, "Documents wait for approval.", "Approve every document first."),
    ("erased", 410, "The personal data of this investor is erased.", "Register the person again, if they ask for it."),
    ("exclusivity-locked", 409, "The company has an open campaign.", "Wait until it is settled or refunded."),
    ("four-eyes", 403, "The one who asked may not decide.", "Let another person decide."),
    (
        "generation-not-acceptable",
        422,
        "It does not describe a chain generation.",
        "Send what the rebuild's generation file says.",
    ),
    ("in-other-hands", 409, "Another person is reviewing this.", "Let that person decide."),
    ("investor-limit", 409, "The investor's limit in this campaign is reached.", "Commit at most what is available."),
    ("kyb-closed", 409, "The KYB is past this step.", "Read the company's state."),
    ("kyb-expired", 409, "The company's KYB has expired.", "Attach current documents and submit the KYB again."),
    ("kyb-not-submitted", 409, "The KYB waits for no decision.", "Submit it first."),
    ("kyc-expired", 409, "The investor's KYC has expired.", "Have the KYC approved again."),
    ("kyc-missing", 409, "The investor's KYC is not approved.", "Have the KYC approved first."),
    ("means-missing", 409, "The investor's means are not declared.", "Declare income and net worth first."),
    ("not-due", 409, "It is not time yet.", "Wait until it is due."),
    ("not-failed", 409, "The campaign has not failed.", "Only failed campaigns are refunded."),
    ("not-found", 404, "There is no such thing.", "Check the id."),
    ("not-obliged", 409, "No entry of the journal obliged this.", "Look for a foreign log."),
    ("not-open-yet", 409, "The campaign has not opened yet.", "Wait for its start."),
    ("not-requested", 409, "Nothing was requested.", "Request it first."),
    (
        "not-successful",
        409,
        "The campaign has not closed as successful on the chain.",
        "Wait for the closing's confirmation.",
    ),
    ("not-whole-shares", 422, "The amount is not a whole number of shares.", "Use a multiple of the share price."),
    ("not-yours", 403, "It belongs to another client.", "Use the key of its owner."),
    ("nothing-owed", 409, "Nothing of this payment is owed back.", "Read the payment."),
    ("one-campaign-a-year", 409, "The company had its campaign of this year.", "Wait, or have an override granted."),
    ("own-campaign", 403, "The issuer may not invest in its own campaign.", "Let other investors take part."),
    (
        "raised-in-twelve-months",
        409,
        "The company may not raise so much in twelve months.",
        "Lower the cap to what is available.",
    ),
    ("role-not-allowed", 403, "This role may not give this command.", "Use a key with the right role."),
    ("signature-not-acceptable", 422, "The wallet did not sign this.", "Sign exactly the challenge with that wallet."),
    ("still-open", 409, "The campaign is open still.", "Wait for its deadline."),
    ("sums-differ", 409, "The sums are not the campaign's own.", "Reconcile before trying again."),
    ("terms-outside-rules", 422, "It breaks a rule of its pack.", "Keep the bounds that the text names."),
    ("test-missing", 409, "The entry knowledge test is missing.", "Pass the test, or renew it."),
    ("text-not-acceptable", 422, "The text is empty, too long or misleading.", "Shorten, complete or correct it."),
    ("time-not-acceptable", 422, "The time is not acceptable.", "Send a later time, with its zone."),
    ("too-many", 409, "A limit on the number of things is reached.", "Remove or combine some."),
    ("unknown-value", 422, "The value is not one of the known ones.", "Use a value that the text names."),
    ("wallet-not-acceptable", 422, "It is not a wallet's address.", "Send 0x and 40 hex digits, not all zero."),
    (
        "wallet-not-bound",
        409,
        "The investor has bound no wallet.",
        "Ask for a challenge, sign it, and bind the wallet.",
    ),
    ("wrong-status", 409, "The state does not allow this now.", "Read the state; wait or take another step."),
    ("yearly-limit", 409, "The investor's yearly limit is reached.", "Commit at most what is available."),
)

CODES: dict[str, Code] = {row[0]: Code(*row) for row in _ROWS}
