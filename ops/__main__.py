"""The one door for people: `python3 -m ops …`. From a fresh clone it makes its own .venv from the lock first.

Only the standard library is spoken here, and only old forms of it: this file runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON_MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
MARK = "tandem.lock.sha256"  # in the .venv: the lock that it was made from


def main() -> None:
    """Enter the project's environment, making it first if need be, and run the command line."""
    if sys.version_info < PYTHON_MINIMUM:
        sys.exit(f"Tandem needs Python {'.'.join(map(str, PYTHON_MINIMUM))} or newer; this is {sys.version.split()[0]}")
    if not __debug__:
        sys.exit("Tandem refuses to run under python -O: its assertions guard money and stay on")
    if LOCK.is_file() and (ROOT / "pyproject.toml").is_file():  # a clone; an installed wheel brings its libraries
        enter(Path(os.environ.get("TANDEM_VENV") or ROOT / ".venv"))
    from ops.cli import run

    run()


def enter(venv: Path) -> None:
    """Return if this is the environment's interpreter and the environment is the lock's; else start again in it."""
    python = venv / "bin" / "python"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not _is_made(venv, wanted):
        make(venv, wanted)
    if Path(sys.prefix).resolve() != venv.resolve():
        os.execv(python, [str(python), "-m", "ops", *sys.argv[1:]])  # noqa: S606  # ourselves, in the right place


def make(venv: Path, wanted: str) -> None:
    """Make the environment, or bring it to the lock. Safe to call at once from several processes."""
    with LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_made(venv, wanted):
            sys.stderr.write("Tandem: first start here, installing the locked libraries (about a minute) …\n")
            _install(venv)
            (venv / MARK).write_text(wanted)


def _is_made(venv: Path, wanted: str) -> bool:
    mark = venv / MARK
    return mark.is_file() and mark.read_text() == wanted and (venv / "bin" / "python").exists()


def _install(venv: Path) -> None:
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    pip = [str(venv / "bin" / "python"), "-m", "pip"]
    if made.returncode != 0:
        # Some systems split pip out of the venv module. Their own pip can still serve an environment without one.
        shutil.rmtree(venv, ignore_errors=True)
        bare = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=False)
        if bare.returncode != 0 or subprocess.run([sys.executable, "-m", "pip", "--version"], check=False).returncode:
            sys.exit(f"Tandem cannot make {venv}: this Python has neither ensurepip nor pip.\n{made.stderr}")
        pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--no-deps"]
    if subprocess.run([*pip, "install", *options, "-r", str(LOCK)], check=False).returncode:
        sys.exit("Tandem could not install its locked libraries; the lines above say why. Nothing else was changed.")


if __name__ == "__main__":
    main()
