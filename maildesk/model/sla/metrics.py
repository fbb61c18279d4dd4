"""What SLA targets measure, and the units of business time."""

from typing import Literal

Metric = Literal["first_response", "next_response", "resolution", "approval"]


Pause = Literal["on-hold", "waiting-for-requester"]


Span = tuple[int, int]


Week = tuple[tuple[Span, ...], ...]


METRICS: tuple[Metric, ...] = ("first_response", "next_response", "resolution", "approval")
