"""All files of config/ as one frozen value."""

from datetime import date

from pydantic import Field

from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.monitoring import Monitoring
from maildesk.config.schema.part import Part
from maildesk.config.schema.people import People
from maildesk.config.schema.reports import Reports
from maildesk.config.schema.rules import Rule, Rules
from maildesk.config.schema.sla import ServiceLevels
from maildesk.config.schema.workflow import Workflow


def profile_rules(levels: ServiceLevels) -> Rules:
    """The profiles as rules, so that the rule compiler can check and evaluate them."""
    return Rules(rule=tuple(Rule(name=p.name, when=p.when, stop=True) for p in levels.profile))


class PolicyFiles(Part):
    """All policy files. `holidays` are computed for each calendar when the files are read.

    `mail_templates` are the texts of the files in config/templates/mail, by name.
    """

    people: People = People()
    catalog: Catalog
    workflow: Workflow
    rules: Rules = Rules()
    approvals: Approvals = Approvals()
    sla: ServiceLevels = ServiceLevels()
    holidays: dict[str, frozenset[date]] = Field({})
    monitoring: Monitoring = Monitoring()
    answers: Answers = Answers()
    reports: Reports = Reports()
    mail_templates: dict[str, str] = Field({})
