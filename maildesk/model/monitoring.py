"""The kinds of report that a monitoring system sends about a problem."""

import enum


class Report(enum.StrEnum):
    """The kind of a report. NEWS covers acknowledgements, downtimes and flapping."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    NEWS = "news"
