"""Where the lanes' signers come from; and no key, no passphrase is ever to be seen anywhere but in its file."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_writer.errors import KeystoreInvalid, OperatorNeeded, SignatureInvalid, SignerRefused
from chain_writer.signer import KeySigner, Passphrase, load_keystore
from chain_writer.transactions import Fields
from ops import logs
from ops.places import ROOT
from ops.settings import Settings, SettingsInvalid, load
from ops.signers import Signers, passphrase_in
from tests.support.web3signer import Web3SignerServer

KEY = "0x" + "4c" * 32
PASSPHRASE = "correct horse battery"
WRONG = "wrong horse"
ADDRESS = KeySigner(KEY).address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keystores of one lane, and a file with their passphrase."""
    (tmp_path / "lane-0.json").write_text(json.dumps(Account.encrypt(KEY, PASSPHRASE, kdf="pbkdf2", iterations=2)))
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    return tmp_path


def with_keystores(folder: Path, **given: str) -> Settings:
    return load(
        {"TANDEM_KEYSTORE_FOLDER": str(folder), "TANDEM_KEYSTORE_PASSPHRASE_FILE": str(folder / "passphrase")} | given
    )


def test_a_keystore_is_opened_by_the_passphrase_of_a_file(folder: Path) -> None:
    signers = Signers(with_keystores(folder))
    signers.unlock()
    assert signers.of("lane-0").address == ADDRESS


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n", b" secret "])
def test_a_passphrase_is_one_line_whose_end_does_not_count(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    assert passphrase_in(tmp_path / "p").reveal() == content.decode().strip("\r\n")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"two\nlines", b"\xff\xfe", b"x" * 5_000])
def test_what_is_no_passphrase_is_told_by_the_files_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "p").write_bytes(content)
    with pytest.raises(KeystoreInvalid, match=str(tmp_path / "p")):
        passphrase_in(tmp_path / "p")


def test_without_a_signer_no_worker_starts() -> None:
    with pytest.raises(SettingsInvalid, match="TANDEM_SIGNER_URL"):
        Signers(load({})).unlock()


def test_a_worker_in_the_background_asks_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not a terminal"))
    with pytest.raises(SettingsInvalid, match="TANDEM_KEYSTORE_PASSPHRASE_FILE"):
        Signers(load({"TANDEM_KEYSTORE_FOLDER": str(folder)})).unlock()


ASKING = """
import sys
from ops.settings import SettingsInvalid, load
from ops.signers import Signers
signers = Signers(load({"TANDEM_KEYSTORE_FOLDER": sys.argv[1]}))
try:
    signers.unlock()
    print("driving", signers.of("lane-0").address)
except SettingsInvalid as invalid:
    print("refused", invalid)
with open("/proc/self/cmdline", "rb") as line, open("/proc/self/environ", "rb") as environment:
    print(sys.argv[2] if b"horse" in line.read() + environment.read() else "nothing to be seen")
"""


def typed(folder: Path, text: str) -> str:
    """What a terminal shows when a worker starts in its foreground and a person types this."""
    (folder / "asking.py").write_text(ASKING)
    child, terminal = pty.fork()
    if not child:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        os.execve(sys.executable, [sys.executable, str(folder / "asking.py"), str(folder), "SEEN"], environment)
    shown = b""
    while b"Passphrase of the keystores: " not in shown:
        shown += os.read(terminal, 1_000)
    os.write(terminal, text.encode() + b"\n")
    try:
        while piece := os.read(terminal, 1_000):
            shown += piece
    except OSError:
        pass  # the terminal ends with the process
    os.close(terminal)
    os.waitpid(child, 0)
    return shown.decode()


def test_a_worker_in_the_foreground_asks_and_echoes_nothing(folder: Path) -> None:
    shown = typed(folder, PASSPHRASE)
    assert f"driving {ADDRESS}" in shown
    assert "nothing to be seen" in shown
    assert "horse" not in shown


def test_a_slip_of_the_fingers_is_told_at_once(folder: Path) -> None:
    shown = typed(folder, "correct house battery")
    assert "refused" in shown
    assert "the passphrase is another one" in shown
    assert "house" not in shown


def test_no_environment_variable_holds_a_passphrase() -> None:
    with pytest.raises(SettingsInvalid, match="unknown settings: TANDEM_KEYSTORE_PASSPHRASE") as caught:
        load({"TANDEM_KEYSTORE_PASSPHRASE": PASSPHRASE})
    assert "horse" not in str(caught.value)


# A remote signer.


def with_remote(url: str, **given: str) -> Settings:
    return load({"TANDEM_SIGNER_URL": url, "TANDEM_SIGNER_ADDRESSES": ADDRESS} | given)


def test_a_remote_signer_is_asked_whether_it_has_the_lanes_key() -> None:
    with Web3SignerServer([KEY], chain_id=100) as server:
        signers = Signers(with_remote(server.url))
        signers.unlock()
        signer = signers.of("lane-0")
        assert signer.address == ADDRESS
        assert [question["method"] for question in server.asked] == ["eth_accounts"]
        signer.close()  # type: ignore[attr-defined]

        other = KeySigner("0x" + "4d" * 32).address
        with pytest.raises(SignerRefused, match=other):
            Signers(with_remote(server.url, TANDEM_SIGNER_ADDRESSES=other)).of("lane-0")


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"TANDEM_SIGNER_URL": "http://signer:9000"}, "TANDEM_SIGNER_ADDRESSES must name 1 addresses"),
        ({"TANDEM_SIGNER_ADDRESSES": ADDRESS}, "TANDEM_SIGNER_URL is not set"),
        ({"TANDEM_SIGNER_CA_FILE": "ca.pem"}, "TANDEM_SIGNER_URL is not set"),
        ({"TANDEM_SIGNER_URL": "signer:9000", "TANDEM_SIGNER_ADDRESSES": ADDRESS}, "is an http(s) address"),
        ({"TANDEM_SIGNER_URL": "http://me:horse@signer", "TANDEM_SIGNER_ADDRESSES": ADDRESS}, "without a name"),
        (
            {"TANDEM_SIGNER_URL": "http://signer", "TANDEM_SIGNER_ADDRESSES": f"{ADDRESS},{ADDRESS.lower()}"}
            | {"TANDEM_LANES": "2"},
            "must name 2 addresses",
        ),
        ({"TANDEM_SIGNER_URL": "http://signer", "TANDEM_SIGNER_ADDRESSES": KEY}, "what is not an address"),
        (
            {"TANDEM_SIGNER_URL": "https://signer", "TANDEM_SIGNER_ADDRESSES": ADDRESS}
            | {"TANDEM_SIGNER_CERTIFICATE_FILE": "a.pem"},
            "go together",
        ),
        (
            {"TANDEM_SIGNER_URL": "http://signer", "TANDEM_SIGNER_ADDRESSES": ADDRESS}
            | {"TANDEM_SIGNER_CA_FILE": "ca.pem"},
            "make it https:",
        ),
        (
            {"TANDEM_SIGNER_URL": "http://signer", "TANDEM_SIGNER_ADDRESSES": ADDRESS}
            | {"TANDEM_KEYSTORE_FOLDER": "keys"},
            "keep one",
        ),
    ],
)
def test_settings_of_a_signer_that_make_no_sense_are_told_by_name(environment: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(environment)
    assert text in str(caught.value)
    assert "horse" not in str(caught.value)
    assert "4c4c" not in str(caught.value)


# Nothing of a key or a passphrase is to be seen.


def unsignable(_: Path) -> None:
    KeySigner(KEY).sign(Fields(chain_id=100, nonce=-1, to=ADDRESS, data=b"", gas_limit=1, gas_price_wei=0))


def no_key(_: Path) -> None:
    KeySigner("0x" + "4c" * 31)


def wrong_passphrase(folder: Path) -> None:
    load_keystore(folder / "lane-0.json", Passphrase(WRONG))


def torn_keystore(folder: Path) -> None:
    path = folder / "lane-0.json"
    path.write_text(path.read_text().replace('"mac"', '"mice"'))
    Signers(with_keystores(folder)).of("lane-0")


def two_lines(folder: Path) -> None:
    (folder / "passphrase").write_text(f"{PASSPHRASE}\n{PASSPHRASE}\n")
    Signers(with_keystores(folder)).of("lane-0")


@pytest.mark.parametrize("fail", [unsignable, no_key, wrong_passphrase, torn_keystore, two_lines])
def test_an_error_shows_neither_key_nor_passphrase_even_with_the_values_of_all_its_frames(
    folder: Path, fail: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((KeystoreInvalid, SignatureInvalid)) as caught:
        fail(folder)
    frames = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    own = "\n".join(line for line in frames.splitlines() if "caught" not in line)
    before = logging.getLogger().handlers[:]
    logs.configure(process="worker", as_json=True)
    logging.getLogger("lane").error("lane-0 waits", exc_info=caught.value)
    logging.getLogger().handlers[:] = before
    for shown in (own, str(caught.value), repr(caught.value), capsys.readouterr().err):
        assert "horse" not in shown
        assert "4c4c4c" not in shown.replace("\\x", "")


@given(content=st.one_of(st.binary(max_size=400), st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["aes-128-ctr", "pbkdf2", "00" * 32]),
    lambda inner: st.dictionaries(
        st.sampled_from(["crypto", "version", "cipher", "kdf", "kdfparams", "mac", "ciphertext", "salt", "c"]), inner
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_lies_in_a_keystores_place_is_refused_without_a_trace(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lane-0.json"
    path.write_bytes(content)
    with pytest.raises(OperatorNeeded) as caught:
        load_keystore(path, Passphrase(PASSPHRASE))
    assert str(path) in str(caught.value)
    assert "horse" not in str(caught.value)


def test_a_passphrase_shows_itself_to_nobody() -> None:
    passphrase = Passphrase(PASSPHRASE)
    assert "horse" not in f"{passphrase}{passphrase!r}"
    with pytest.raises(TypeError):
        json.dumps(passphrase)
