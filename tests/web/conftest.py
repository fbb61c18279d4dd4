"""A fake of the link service, and a visitor of its pages."""

import pytest

from tests.web.link_pages_fake import LinkPagesFake
from tests.web.served import Visitor, application


@pytest.fixture
def link_pages() -> LinkPagesFake:
    return LinkPagesFake()


@pytest.fixture
def browser(link_pages: LinkPagesFake) -> Visitor:
    return Visitor(application(link_pages))
