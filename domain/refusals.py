"""The registry of refusals: each code a rule can answer with, its HTTP status, and what to do about it."""

from __future__ import annotations

import msgspec


class Code(msgspec.Struct, frozen=True):
    code: str
    http_status: int
    text: str
    cure: str


_ROWS = (
    ("already-approved", 409, "It is approved already.", "Nothing is left to do."),
    ("already-exists", 409, "Something of this id exists already.", "Read it; use another id for another thing."),
    ("already-funded", 409, "The investment has its money.", "Check the payment's reference; refund a double payment."),
    ("already-requested", 409, "It was requested before.", "Approve or reject the request that stands."),
    (
        "amount-differs",
        422,
        "The payment is not what was committed.",
        "Return the payment and ask for the exact amount.",
    ),
    ("amount-not-positive", 422, "The amount must be above zero.", "Send a positive amount in minor units."),
    ("amount-too-large", 422, "The amount is beyond 2^53 - 1 minor units.", "Split the amount."),
    (
        "approved-otherwise",
        409,
        "The approval names other terms than were submitted.",
        "Read the terms again, then approve their hash.",
    ),
    ("below-minimum", 422, "The amount is below the campaign's minimum.", "Commit at least the minimum."),
    ("cap-exceeded", 409, "The campaign's cap leaves no room for this amount.", "Commit at most what is available."),
    (
        "company-not-registered",
        409,
        "The company is not approved and registered on the chain.",
        "Finish the KYB; wait for the registration's confirmation.",
    ),
    ("confirmed-otherwise", 409, "Another log confirmed this.", "Look at both logs; one of them is foreign."),
    ("deadline-passed", 409, "The campaign's deadline has passed.", "Nothing can be committed any more."),
    ("digest-not-acceptable", 422, "It is not a SHA-256 in hex.", "Send 64 hex digits in lower case."),
    ("documents-missing", 409, "There are no documents.", "Attach the documents first."),
    ("documents-unapproved", 409, "Documents wait for approval.", "Approve every document first."),
    ("exclusivity-locked", 409, "The company has an open campaign.", "Wait until it is settled or refunded."),
    ("four-eyes", 403, "The one who asked may not decide.", "Let another person decide."),
    ("kyb-closed", 409, "The KYB is past this step.", "Read the company's state."),
    ("kyb-not-submitted", 409, "The KYB waits for no decision.", "Submit it first."),
    ("kyc-missing", 409, "The investor's KYC is not approved.", "Have the KYC approved first."),
    ("not-failed", 409, "The campaign has not failed.", "Only failed campaigns are refunded."),
    ("not-found", 404, "There is no such thing.", "Check the id."),
    ("not-obliged", 409, "No entry of the journal obliged this.", "Look for a foreign log."),
    ("not-requested", 409, "Nothing was requested.", "Request it first."),
    (
        "not-successful",
        409,
        "The campaign has not closed as successful on the chain.",
        "Wait for the closing's confirmation.",
    ),
    ("not-whole-shares", 422, "The amount is not a whole number of shares.", "Use a multiple of the share price."),
    ("not-yours", 403, "It belongs to another client.", "Use the key of its owner."),
    ("one-campaign-a-year", 409, "The company had its campaign of this year.", "Wait for the next calendar year."),
    ("own-campaign", 403, "The issuer may not invest in its own campaign.", "Let other investors take part."),
    ("role-not-allowed", 403, "This role may not give this command.", "Use a key with the right role."),
    ("still-open", 409, "The campaign is open and below its threshold.", "Wait for its deadline."),
    ("sums-differ", 409, "The sums are not the campaign's own.", "Reconcile before trying again."),
    ("terms-outside-rules", 422, "The terms break a rule of their pack.", "Keep the bounds that the text names."),
    ("text-not-acceptable", 422, "The text is empty or too long.", "Shorten or complete the text."),
    ("too-many", 409, "A limit on the number of things is reached.", "Remove or combine some."),
    ("unknown-value", 422, "The value is not one of the known ones.", "Use a value that the text names."),
    ("wallet-not-acceptable", 422, "It is not a wallet's address.", "Send 0x and 40 hex digits, not all zero."),
    ("wrong-status", 409, "The state does not allow this now.", "Read the state; wait or take another step."),
)

CODES: dict[str, Code] = {row[0]: Code(*row) for row in _ROWS}
