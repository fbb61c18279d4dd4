"""The desk that is not real, and a visitor of its pages."""

import pytest

from tests.web.door_fake import DoorFake
from tests.web.served import Visitor, application


@pytest.fixture
def door() -> DoorFake:
    return DoorFake()


@pytest.fixture
def browser(door: DoorFake) -> Visitor:
    return Visitor(application(door))
