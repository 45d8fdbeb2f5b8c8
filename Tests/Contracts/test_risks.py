"""The risk page names tests; they exist."""

import ast
import re

from evm import ROOT

PAGE = ROOT / "Sources" / "Node" / "Settlement" / "Settlement.docc" / "Risks.md"


def test_every_test_on_the_risk_page_exists():
    named = set(re.findall(r"`(Tests/[\w/]+\.py)::(\w+)`", PAGE.read_text()))
    assert len(named) > 20
    functions = {}
    for path, name in sorted(named):
        if path not in functions:
            tree = ast.parse((ROOT / path).read_text())
            functions[path] = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions[path], f"{path}::{name}"
