"""`python -m tests.docs`: write what is generated of the pages anew. `--check`: only say which are not current."""

from __future__ import annotations

import argparse

from tests.docs.pages import GENERATED, ROOT, generated


def main() -> int:
    """Write or check; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if a page is not current")
    check: bool = parser.parse_args().check
    stale = 0
    for page in GENERATED:
        new = generated(page)
        old = page.read_text(encoding="utf-8") if page.exists() else ""
        if new == old:
            continue
        stale += 1
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(new, encoding="utf-8")
        print(f"{'not current' if check else 'written'}: {page.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
