"""Runs last: every revert reason in the sources was seen by a test, and tests know no other."""

import pathlib
import re

import pytest

from world import CONTRACTS, SEEN_REASONS


def test_every_revert_reason_is_tested(request):
    ran = {pathlib.Path(item.fspath).name for item in request.session.items}
    there = {path.name for path in pathlib.Path(__file__).parent.glob("test_*.py")}
    if ran != there or request.config.option.keyword:
        pytest.skip("only when all tests run")
    sources = "\n".join(path.read_text() for path in CONTRACTS.glob("*.vy"))
    modules = "|".join(path.stem.lower() for path in CONTRACTS.glob("*.vy"))
    reasons = set(re.findall(rf'"((?:{modules}): [^"]+)"', sources))
    asserts = len(re.findall(r"^\s*(?:assert|raise)\b", sources, re.MULTILINE))
    assert asserts >= len(reasons) > 40
    assert reasons - SEEN_REASONS == set(), "reasons that no test has seen"
    ours = {r for r in SEEN_REASONS if re.match(rf"(?:{modules}): ", r)}
    assert ours - reasons == set()
