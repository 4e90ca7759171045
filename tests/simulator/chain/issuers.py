"""IssuerRegistry.sol and CampaignFactory.sol as models: who may issue, and the contracts that campaigns get."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from abis import Generation, campaign_address
from abis import logs as l
from abis.calls import FIAT, NATIVE
from tests.simulator.chain.running import OPERATOR_ROLE, REGISTRAR_ROLE, Reverted, Run, Words, hash_of, integer

DURATION_S_MAX = 365 * 86_400
CAMPAIGNS_REMEMBERED = 4_096
UPDATE, ACTIVITY, LOCK, UNLOCK = range(1, 5)
CLONE_GAS = 41_000 + 700 * 5  # CREATE2 with 45 bytes of code; the calls to the registry and into the clone

# IssuerRegistry.


def register(run: Run, words: Words) -> None:
    company, wallet, documents, entry = words
    run.only(REGISTRAR_ROLE)
    if not any(wallet):
        raise Reverted("WalletMissing", company)
    if run.is_new(company, hash_of(wallet, documents), entry):
        run.put(wallet, run.to, "wallet", company)
        run.log(l.IssuerRegistered, company, entry, wallet, documents)


def _known(run: Run, company: bytes) -> None:
    if run.get(run.to, "wallet", company) is None:
        raise Reverted("IssuerUnknown", company)


def update(run: Run, words: Words) -> None:
    company, revision, wallet, documents, entry = words
    run.only(REGISTRAR_ROLE)
    if not any(wallet):
        raise Reverted("WalletMissing", company)
    _known(run, company)
    if run.is_new_revision(company, revision, hash_of(UPDATE, wallet, documents), entry):
        run.put(wallet, run.to, "wallet", company)
        run.log(l.IssuerUpdated, company, entry, revision, wallet, documents)


def set_active(run: Run, words: Words) -> None:
    """May be said of a company that is not registered."""
    company, revision, active, entry = words
    run.only(REGISTRAR_ROLE)
    if run.is_new_revision(company, revision, hash_of(ACTIVITY, active), entry):
        run.put(not integer(active), run.to, "inactive", company)
        run.log(l.IssuerActiveSet, company, entry, revision, active)


def lock(run: Run, words: Words) -> None:
    company, revision, campaign, entry = words
    holder = _changes_holder(run, LOCK, words)
    if holder is None:
        return
    if any(holder) and holder != campaign:
        raise Reverted("ExclusivityHeld", company, holder)
    run.put(campaign, run.to, "holder", company)
    run.log(l.ExclusivityLocked, company, entry, revision, campaign)


def unlock(run: Run, words: Words) -> None:
    company, revision, campaign, entry = words
    holder = _changes_holder(run, UNLOCK, words)
    if holder is None:
        return
    if holder != campaign:
        raise Reverted("ExclusivityHeld", company, holder)
    run.put(None, run.to, "holder", company)
    run.log(l.ExclusivityReleased, company, entry, revision, campaign)


def _changes_holder(run: Run, kind: int, words: Words) -> bytes | None:
    """Who holds the company, zeros for nobody; None if the change is not new."""
    company, revision, campaign, entry = words
    run.only(REGISTRAR_ROLE)
    if not any(campaign):
        raise Reverted("CampaignMissing", company)
    _known(run, company)
    if not run.is_new_revision(company, revision, hash_of(kind, campaign), entry):
        return None
    return run.get(run.to, "holder", company) or bytes(32)


# CampaignFactory.


def create_campaign(run: Run, words: Words) -> None:
    campaign, company, goal, threshold, cap, duration, asset, terms, entry = words
    run.only(OPERATOR_ROLE)
    if run.get(run.to, "paused"):
        raise Reverted("EnforcedPause")
    _check_terms(integer(goal), integer(threshold), integer(cap), integer(duration))
    if integer(asset) > NATIVE:
        raise Reverted("AssetUnknown", integer(asset))
    assert integer(asset) == FIAT, "the model knows campaigns in fiat money alone"
    if not run.is_new(campaign, hash_of(company, goal, threshold, cap, duration, asset, terms), entry):
        return
    registry = run.generation.addresses["IssuerRegistry"].lower()
    if run.get(registry, "wallet", company) is None:
        raise Reverted("IssuerUnknown", company)
    if run.get(registry, "inactive", company):
        raise Reverted("IssuerInactive", company)
    clone = campaign_of(run, campaign)
    deadline = run.timestamp_s + integer(duration)
    run.gas += CLONE_GAS
    run.changes[clone, "code"] = "Campaign"
    run.put(deadline, clone, "deadline")
    run.put(campaign, clone, "id")
    run.put(integer(threshold), clone, "threshold")
    run.put(integer(cap), clone, "cap")
    run.log(l.CampaignCreated, campaign, entry, clone, company, goal, threshold, cap, deadline, asset, terms)


def _check_terms(goal: int, threshold: int, cap: int, duration_s: int) -> None:
    sums_are_wrong = not goal or not threshold or cap < goal or cap < threshold
    if sums_are_wrong or not 0 < duration_s <= DURATION_S_MAX:
        raise Reverted("TermsInvalid", goal, threshold, cap, duration_s)


def campaign_of(run: Run, campaign: bytes) -> str:
    """Where the contract of a campaign is or will be."""
    assert not any(campaign[16:]), "campaigns are named by the house's own ids"
    places = run.generation.addresses
    return _clone(places["CampaignFactory"], places["CampaignImplementation"], campaign)


@lru_cache(CAMPAIGNS_REMEMBERED)
def _clone(factory: str, template: str, campaign: bytes) -> str:
    places = {"CampaignFactory": factory, "CampaignImplementation": template}
    generation = Generation(chain_id=1, genesis_hash="", addresses=places, code_hashes={}, start_block=0)
    return campaign_address(generation, UUID(bytes=campaign[:16])).lower()
