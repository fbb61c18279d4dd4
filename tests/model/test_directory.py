"""Cycles of managers."""

import pytest

from maildesk.model.directory import circles

# who reports to whom, the circles
WAYS: list[tuple[dict[str, str], list[tuple[str, ...]]]] = [
    ({}, []),
    ({"rita": "max", "max": ""}, []),
    ({"rita": "somebody else"}, []),
    ({"rita": "rita"}, [("rita",)]),
    # told once, and Bo, who only reports into it, is not of it
    ({"bo": "max", "rita": "max", "max": "rita"}, [("rita", "max")]),
    ({"a": "b", "b": "c", "c": "a", "x": "y", "y": "x"}, [("a", "b", "c"), ("x", "y")]),
    # a long line costs what it is long
    ({str(i): str(i + 1) for i in range(100_000)}, []),
]


@pytest.mark.parametrize(("manager", "found"), WAYS)
def test_each_cycle_is_found_once(manager: dict[str, str], found: list[tuple[str, ...]]) -> None:
    assert list(circles(manager)) == found
