"""A `curl` for the documents' examples, so that they run where none is installed: the few options that they use."""

from __future__ import annotations

import argparse
import sys

import httpx

FAILED = 22  # curl's own exit code for -f


def main(arguments: list[str]) -> int:
    """-H, -d, -X, -D - and -o are understood, -f, -s and -S are always on; anything else is refused."""
    asked = _parser().parse_args(arguments)
    method = asked.X or ("POST" if asked.d is not None else "GET")
    headers = dict(header.split(": ", 1) for header in asked.H)
    answer = httpx.request(method, asked.url, headers=headers, content=asked.d, timeout=30)
    if asked.D == "-":
        sys.stdout.write("".join(f"{name}: {value}\r\n" for name, value in answer.headers.items()))
    if asked.o is None:
        sys.stdout.write(answer.text + "\n")
    if answer.is_error:
        sys.stderr.write(f"curl: the answer was {answer.status_code}: {answer.text}\n")
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="curl")
    for flag in "fsS":
        parser.add_argument(f"-{flag}", action="store_true")
    for option in "dXDo":
        parser.add_argument(f"-{option}")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("url")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
