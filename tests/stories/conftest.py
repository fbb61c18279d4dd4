"""The mailbox in which the stories on real servers begin."""

import pytest

from tests.crash.scene import Box
from tests.servers import Dovecot


@pytest.fixture(params=["pymap", "dovecot"])
def box(request: pytest.FixtureRequest) -> Box:
    """An empty mailbox of the desk."""
    server = request.getfixturevalue(request.param)
    return Box(server.port, f"desk{id(request)}" if isinstance(server, Dovecot) else server.user)
