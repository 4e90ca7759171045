"""The vault's keys: made once and for their owner alone, numbered on, rotated, and never shown."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from api.sealing import load_keyring
from ops.settings import Settings, SettingsInvalid
from ops.vault import add_key, keyring_of, path_of, rotate, show, vault_of

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return Settings.model_validate({"TANDEM_HOME": tmp_path, "TANDEM_LOCAL": True, "DATABASE_URL": database})


def keep(settings: Settings, subject: UUID) -> None:
    with closing(vault_of(settings)) as vault:
        vault.put(subject, {"name": "Selamawit"})


def kept(settings: Settings, subject: UUID) -> dict[str, str] | None:
    with closing(vault_of(settings)) as vault:
        found = vault.read(subject)
    return found.fields if found else None


def test_a_local_stack_makes_one_keyring_however_many_ask_at_once(tmp_path: Path) -> None:
    settings = Settings.model_validate({"TANDEM_HOME": tmp_path / "new", "TANDEM_LOCAL": True})
    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(lambda _: keyring_of(settings).keys, range(16)))
    assert rings == [rings[0]] * 16
    assert list(rings[0]) == ["kek-1"]
    assert stat.S_IMODE(path_of(settings).stat().st_mode) == 0o600


def test_elsewhere_a_missing_keyring_is_told(tmp_path: Path) -> None:
    settings = Settings.model_validate({"TANDEM_VAULT_KEK_FILE": tmp_path / "keks.json"})
    with pytest.raises(SettingsInvalid, match="set TANDEM_VAULT_KEK_FILE"):
        keyring_of(settings)
    assert add_key(settings) == "kek-1"
    assert keyring_of(settings).current == "kek-1"


def test_a_file_that_is_no_keyring_is_told_and_not_overwritten(settings: Settings) -> None:
    path_of(settings).write_text("{}")
    for attempt in (keyring_of, add_key):
        with pytest.raises(SettingsInvalid, match="a keyring is"):
            attempt(settings)
    assert path_of(settings).read_text() == "{}"


def test_a_new_key_takes_no_name_that_was_used_before(settings: Settings) -> None:
    keyring_of(settings)
    assert add_key(settings) == "kek-2"
    second = keyring_of(settings).keys["kek-2"].hex()
    path_of(settings).write_bytes(msgspec.json.encode({"current": "kek-2", "keys": {"kek-2": second}}))
    assert add_key(settings) == "kek-3"
    assert list(keyring_of(settings).keys) == ["kek-2", "kek-3"]


def test_after_a_rotation_the_old_key_may_leave_the_file(settings: Settings) -> None:
    keep(settings, ONE)
    assert add_key(settings) == "kek-2"
    assert kept(settings, ONE) == {"name": "Selamawit"}  # reading goes on before the rotation
    keep(settings, OTHER)
    assert rotate(settings) == 1
    assert rotate(settings) == 0
    ring = load_keyring(path_of(settings).read_bytes())
    alone = {"current": "kek-2", "keys": {"kek-2": ring.keys["kek-2"].hex()}}
    path_of(settings).write_bytes(msgspec.json.encode(alone))
    assert [kept(settings, subject) for subject in (ONE, OTHER)] == [{"name": "Selamawit"}] * 2


def test_the_wrong_file_is_told_before_anything_is_read(settings: Settings) -> None:
    keep(settings, ONE)
    path_of(settings).unlink()
    with pytest.raises(SettingsInvalid, match=r"vault-keys.json: the key 'kek-1' is not the one"):
        vault_of(settings)


def test_a_rotation_tells_whose_key_does_not_open(settings: Settings, database: str) -> None:
    keep(settings, ONE)
    keep(settings, OTHER)
    with psycopg.connect(database) as owner:
        owner.execute("UPDATE api.vault_persons SET wrapped_key = '\\x00' WHERE subject = %s", (ONE,))
    add_key(settings)
    with pytest.raises(SettingsInvalid, match=f"1 keys are wrapped anew, but 1 do not open: {ONE}"):
        rotate(settings)
    assert kept(settings, OTHER) == {"name": "Selamawit"}


def test_keys_are_listed_with_what_they_wrap_and_never_shown(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(settings, ONE)
    add_key(settings)
    show(settings, as_json=True)
    show(settings, as_json=False)
    told = capsys.readouterr().out
    assert msgspec.json.decode(told[: told.index("]") + 1]) == [
        {"name": "kek-1", "current": False, "in_file": True, "persons": 1},
        {"name": "kek-2", "current": True, "in_file": True, "persons": 0},
    ]
    assert not any(key.hex() in told for key in keyring_of(settings).keys.values())
