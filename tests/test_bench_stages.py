"""The stages by which `bench/` counts CPU time name functions that exist."""

import pytest

from bench.stages import OUTER, STAGES, found

FUNCTIONS = [function for functions in STAGES.values() for function in functions]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_stage_names_a_function(function: str) -> None:
    holder, name = found(function)
    assert callable(getattr(holder, name))


def test_a_name_that_is_gone_is_said() -> None:
    with pytest.raises(LookupError, match=r"decide:decided is gone: mend STAGES"):
        found("maildesk.lifecycle.decide:decided")


def test_the_outer_stages_are_stages() -> None:
    assert STAGES.keys() >= set(OUTER)
