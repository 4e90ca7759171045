"""Tables for people: nothing in them is cut, and what is copied stays on one line."""

from __future__ import annotations

import pytest

from ops.tables import print_table

ADDRESS = "0x7eC3ee4D1D74185A91D7E88baB166FBFeA1d0F53"


def test_what_is_too_wide_is_folded_and_what_is_copied_is_kept_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    print_table("keys", ("signer", "told"), [(ADDRESS, "ab" * 40)], whole=("signer",))
    lines = capsys.readouterr().out.splitlines()
    assert sum(ADDRESS in line for line in lines) == 1
    assert not any("…" in line for line in lines)
    assert "".join(line.split("│")[2].strip() for line in lines if line.startswith("│")) == "ab" * 40
