"""catalog.toml: services, categories, request types, priorities."""

from typing import Literal

from pydantic import Field

from maildesk.config.schema.part import Part

Grade = Literal["high", "medium", "low"]


class Category(Part):
    """A category of tickets with its sub-categories."""

    name: str = Field(description="name of the category")
    sub: tuple[str, ...] = Field((), description="names of its sub-categories")


class CatalogService(Part):
    """A service that the desk supports."""

    name: str = Field(description="name of the service")
    service_category: str = Field("", description="service category")


class RequestType(Part):
    """A request type, such as incident or service request, with its closure and approval rules."""

    name: str = Field(description="name of the request type; the first type is the default")
    close_after_days: int = Field(
        5, ge=1, description="days in Waiting for Closure before the ticket closes automatically"
    )
    days: Literal["calendar", "business"] = Field(
        "calendar",
        description="how to count the days: calendar, or business by the team's calendar in "
        "sla.toml",
    )
    remind_before_days: int = Field(
        2, ge=0, description="days before closure to send a reminder; 0 for no reminder"
    )
    managers_approval: bool = Field(
        True, description="agents and rules may request the approval of the reporting manager"
    )
    automatic_approval: bool = Field(
        False,
        description="automatic approval submission: request the approval when the ticket is opened",
    )
    approval: str = Field(
        "manager", description="the [[approval]] of approvals.toml that is requested automatically"
    )


class Catalog(Part):
    """catalog.toml"""

    service: tuple[CatalogService, ...] = Field((), description="services that the desk supports")
    category: tuple[Category, ...] = Field((), description="categories of tickets")
    request_type: tuple[RequestType, ...] = Field(
        (RequestType(name="incident"),), description="request types"
    )
    matrix: dict[str, dict[str, str]] = Field(
        description="priority matrix: [matrix.IMPACT] with URGENCY = PRIORITY"
    )

    def priority(self, impact: str, urgency: str) -> str:
        """The priority of the matrix; "" if one of the two is not set yet."""
        return self.matrix.get(impact, {}).get(urgency, "")

    def type_named(self, name: str) -> RequestType:
        """The request type of that name, or else the first one."""
        return next((t for t in self.request_type if t.name == name), self.request_type[0])
