"""A lane's key is changed in steps that may be repeated: drain, hand over the roles, put the new key in place, prove.

The roles are the admin's to give and take. On a local stack the admin's key is in the home and the calls are made here;
elsewhere they are printed, for whoever holds that key, and `prove` says what of them is still missing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from eth_account import Account

from abis import Generation
from abis.calls import selector
from abis.hashing import checksummed, keccak
from chain_writer.questions import LaneFigures, Questions
from chain_writer.store import WriterStore
from ops.contracts import ROLES, Deployment
from ops.foundation import DEPLOYER
from ops.places import address_of, raw_key, write_secret
from ops.rpc import Rpc
from ops.settings import Settings, SettingsInvalid
from ops.tables import print_table

ASK_EVERY_S = 0.5
ADMIN = bytes(32)  # OpenZeppelin's DEFAULT_ADMIN_ROLE
ADMIN_NAME = "DEFAULT_ADMIN_ROLE"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call that the admin of the contracts has to make."""

    meaning: str
    to: str
    data: bytes


# The verbs.


def drain(settings: Settings, name: str, *, wait: bool) -> int:
    """Let a lane bind nothing more, and wait until everything it has sent is final. Returns 1 for an unknown lane."""
    if not _tell(settings, name, draining=True):
        return 1
    if wait:
        _wait_until_final(settings, name)
    return 0


def resume(settings: Settings, name: str) -> int:
    """Let a lane bind again. Returns 1 for an unknown lane."""
    return 0 if _tell(settings, name, draining=False) else 1


def rotate(settings: Settings, name: str, *, to: str | None) -> int:
    """Drain a lane and hand its roles over to another key. Returns 1 while there is something left for a person."""
    new, former = _successor(settings, name, to), _former(settings, name)
    if new in former:
        raise SettingsInvalid(f"{new} has been the key of {name} already: a new key takes its place")
    if drain(settings, name, wait=True):
        return 1
    with _rpc(settings) as rpc:
        calls = calls_left(rpc, settings.generation(), new=new, former=former)
        if settings.local and calls:
            _make(rpc, settings, calls)
            calls = []
    if settings.local and not settings.signer_url and settings.keystore_folder is None:
        _replace_key(settings.keys_home, name)
        sys.stdout.write(f"{name} signs with {new} from its next turn on\n")
        return prove(settings, name, to=new)
    _print_calls(calls)
    sys.stdout.write(
        f"Then fund {new}, put its key in the place of {name}'s, start the worker, and say `lanes prove {name}`\n"
    )
    return 1


def prove(settings: Settings, name: str, *, to: str | None) -> int:
    """Whether a lane's key has every role and its former keys have none, and nothing of theirs is in flight.

    Prints what is missing, with the calls that mend it. Returns 1 if anything is.
    """
    lanes = _lanes(settings, name)
    new = checksummed(to) if to else _present(settings, name, lanes)
    former = [lane for lane in lanes if lane.signer not in {new, None}]
    open_ = [f"{lane.signer} has {lane.in_flight} nonces in flight" for lane in former if lane.in_flight]
    with _rpc(settings) as rpc:
        calls = calls_left(rpc, settings.generation(), new=new, former=[str(lane.signer) for lane in former])
    for line in open_:
        sys.stdout.write(f"{line}: start {name} with that key until they are final\n")
    _print_calls(calls)
    if calls or open_:
        return 1
    sys.stdout.write(
        f"{name} is {new}, which has every role; {len(former)} former keys have none, nor any open nonce\n"
    )
    return 0


# The roles.


def calls_left(rpc: Rpc, generation: Generation, *, new: str, former: list[str]) -> list[Call]:
    """The calls that give every role to the new key and take all from the former ones, without those made already."""
    calls = []
    for contract, role in ROLES.items():
        address, role_id = generation.addresses[contract], keccak(role.encode("ascii"))
        if not has_role(rpc, address, role_id, new):
            calls.append(_call("grantRole", (contract, address), (role, role_id), new))
    for contract, role in ROLES.items():
        address = generation.addresses[contract]
        for name, role_id in ((role, keccak(role.encode("ascii"))), (ADMIN_NAME, ADMIN)):
            holders = [old for old in former if has_role(rpc, address, role_id, old)]
            calls += [_call("revokeRole", (contract, address), (name, role_id), old) for old in holders]
    return calls


def has_role(rpc: Rpc, address: str, role_id: bytes, account: str) -> bool:
    data = selector("hasRole(bytes32,address)") + _words(role_id, account)
    return bool(int.from_bytes(rpc.read(address, data), "big"))


def _call(verb: str, contract: tuple[str, str], role: tuple[str, bytes], account: str) -> Call:
    """`contract` is a name with its address, `role` a name with its id."""
    data = selector(f"{verb}(bytes32,address)") + _words(role[1], account)
    return Call(meaning=f"{contract[0]}.{verb}({role[0]}, {account})", to=contract[1], data=data)


def _words(role_id: bytes, account: str) -> bytes:
    """The two arguments of every such call, a word of 32 bytes each."""
    return role_id + bytes.fromhex(account.removeprefix("0x")).rjust(32, b"\0")


def _make(rpc: Rpc, settings: Settings, calls: list[Call]) -> None:
    key = raw_key(settings.keys_home, DEPLOYER)
    first = rpc.number("eth_getTransactionCount", Account.from_key(key).address, "latest")
    admin = Deployment(
        rpc,
        deployer_key=key,
        first_nonce=first,
        gas_price_wei=settings.gas_price_wei,
        wait=lambda: time.sleep(ASK_EVERY_S),
    )
    for call in calls:
        admin.call(call.to, call.data)
        sys.stdout.write(f"made: {call.meaning}\n")


def _print_calls(calls: list[Call]) -> None:
    if calls:
        rows = [(call.meaning, call.to, "0x" + call.data.hex()) for call in calls]
        print_table("calls for the admin of the contracts", ("what", "to", "data"), rows)
        for call in calls:  # a table may be cut to the terminal; these are to be copied whole
            sys.stdout.write(f"to={call.to} data=0x{call.data.hex()}\n")


# The keys.


def _successor(settings: Settings, name: str, to: str | None) -> str:
    """The address that takes over. On a local stack the key is made, once, beside the one that it will replace."""
    if name not in settings.lane_names:
        raise SettingsInvalid(f"there is no lane {name}; there are: {', '.join(settings.lane_names)}")
    if settings.local and not settings.signer_url and settings.keystore_folder is None:
        if to is not None:
            raise SettingsInvalid("a local stack makes the new key by itself: leave --to out")
        return address_of(settings.keys_home, _next(name))
    if to is None:
        raise SettingsInvalid("which key takes over? Make it where keys are kept, and give its address with --to")
    try:
        return checksummed(to)
    except ValueError:
        raise SettingsInvalid("--to is not an address: 0x and 40 hex digits") from None


def _former(settings: Settings, name: str) -> list[str]:
    """Every key that the lane has had, the present one with them, be it that it was never used."""
    former = {lane.signer for lane in _lanes(settings, name) if lane.signer}
    if settings.local and not settings.signer_url and settings.keystore_folder is None:
        former.add(address_of(settings.keys_home, name))
    return sorted(former)


def _present(settings: Settings, name: str, lanes: list[LaneFigures]) -> str:
    """The address that a lane is meant to sign with: by the settings, or else by the one that does not drain."""
    if name in settings.lane_names:
        if settings.signer_url:
            return settings.remote_signers[settings.lane_names.index(name)]
        if settings.local and settings.keystore_folder is None:
            return address_of(settings.keys_home, name)
    working = [lane.signer for lane in lanes if lane.signer and not lane.draining]
    if len(working) != 1:
        raise SettingsInvalid(f"{len(working)} keys of {name} do not drain: say with --to which one is meant")
    return str(working[0])


def _replace_key(home: Path, name: str) -> None:
    """The new key in the old one's place, in one step; the old one is kept under its address."""
    keys = home / "keys"
    old = keys / f"{name}.key"
    write_secret(keys / f"{name}-{address_of(home, name)}.key", old.read_bytes())
    (keys / f"{_next(name)}.key").replace(old)


def _next(name: str) -> str:
    return f"{name}-next"


# What is known of the lane.


def _tell(settings: Settings, name: str, *, draining: bool) -> int:
    store = WriterStore(settings.dsn("writer"))
    try:
        found = store.drain(name, draining=draining)
    finally:
        store.close()
    said = ("binds nothing more" if draining else "goes on") if found else "is not known on any chain"
    sys.stdout.write(f"{name} {said}\n")
    return found


def _wait_until_final(settings: Settings, name: str) -> None:
    """Ask until nothing of the lane is in flight. May be broken off at any time: the lane drains on."""
    told = None
    while in_flight := sum(lane.in_flight for lane in _lanes(settings, name)):
        if in_flight != told:
            sys.stdout.write(f"{name} has {in_flight} nonces that are not final yet\n")
        told = in_flight
        time.sleep(ASK_EVERY_S)
    sys.stdout.write(f"{name} has nothing in flight\n")


def _lanes(settings: Settings, name: str) -> list[LaneFigures]:
    questions = Questions(settings.dsn("api"))
    try:
        return [lane for lane in questions.lanes() if lane.name == name]
    finally:
        questions.close()


@contextmanager
def _rpc(settings: Settings) -> Iterator[Rpc]:
    rpc = Rpc(settings.rpc_url)
    try:
        yield rpc
    finally:
        rpc.close()
