"""`python -m tests.golden.add`: write the golden files of new examples. It never changes one that is there."""

from __future__ import annotations

import sys

from tests.golden.examples import EXAMPLES
from tests.golden.files import Changed, add


def main() -> int:
    try:
        added = [example.name for example in EXAMPLES if add(example)]
    except Changed as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print("\n".join(added) or "nothing to add: every example has its file")
    return 0


if __name__ == "__main__":
    sys.exit(main())
