"""What a monitoring system says of a problem."""

import enum


class Report(enum.StrEnum):
    """The kind of a report. NEWS covers acknowledgements, downtimes and flapping."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    NEWS = "news"
