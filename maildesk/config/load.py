"""Loads maildesk.toml and config/*.toml as one frozen Config, or reports all errors at once.

Only cli, daemon and demo import this package; they pass each service its part of the settings.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maildesk.config.checks.installation import installation_faults
from maildesk.config.checks.monitoring_file import monitoring_faults
from maildesk.config.checks.policy_references import (
    answers_faults,
    approvals_faults,
    catalog_faults,
    people_faults,
    reports_faults,
    workflow_faults,
)
from maildesk.config.checks.rule_references import rules_faults
from maildesk.config.checks.service_levels import holidays_of, sla_faults
from maildesk.config.error_messages import near
from maildesk.config.errors import ConfigErrors, Fault
from maildesk.config.files import Read, TomlFile, read_model, read_toml
from maildesk.config.mail_templates import read_overrides
from maildesk.config.schema.answers import Answers
from maildesk.config.schema.approvals import Approvals
from maildesk.config.schema.catalog import Catalog
from maildesk.config.schema.monitoring import Monitoring
from maildesk.config.schema.part import Part
from maildesk.config.schema.people import People
from maildesk.config.schema.policy_files import PolicyFiles, profile_rules
from maildesk.config.schema.reports import Reports
from maildesk.config.schema.rules import Rules
from maildesk.config.schema.settings import Settings
from maildesk.config.schema.sla import ServiceLevels
from maildesk.config.schema.workflow import Workflow
from maildesk.config.secrets import complete
from maildesk.config.toml_positions import KeyPath
from maildesk.model.finding import Finding

__all__ = ["CheckRules", "Config", "ConfigErrors", "load", "load_rules", "mail_overrides"]

CheckRules = Callable[[Rules], Iterable[tuple[str, str, int, str]]]
"""Checks the `when` of each rule and yields the errors: name of the rule, problem, line within
`when`, and that line with a caret under the column. `load` adds file and line. It is a parameter
because this package does not import the rule compiler."""

# The policy files: name, schema, and whether the file may be missing.
POLICY: tuple[tuple[str, type[Part], bool], ...] = (
    ("people", People, True),
    ("catalog", Catalog, False),
    ("workflow", Workflow, False),
    ("rules", Rules, True),
    ("approvals", Approvals, True),
    ("sla", ServiceLevels, True),
    ("monitoring", Monitoring, True),
    ("answers", Answers, True),
    ("reports", Reports, True),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. Secrets are filled in and every path is absolute."""

    settings: Settings
    policy: PolicyFiles
    folder: Path


def load(path: Path, environ: Mapping[str, str], check_rules: CheckRules | None = None) -> Config:
    """Read maildesk.toml and the policy files.

    Raises ConfigErrors with the errors of all files.
    """
    file = read_toml(path)
    if isinstance(file, Finding) and not path.exists():
        raise ConfigErrors([file])
    settings, findings = _installation(file, path.absolute().parent, environ)
    policy, wrong = _policy(_policy_folder(file, path.parent), settings, check_rules)
    findings += wrong
    if findings or settings is None or policy is None:
        raise ConfigErrors(findings)
    return Config(settings, policy, path.absolute().parent)


def load_rules(path: Path, policy: PolicyFiles, check_rules: CheckRules) -> Rules:
    """Read another rules.toml and check it against this policy. Raises ConfigErrors."""
    file = read_toml(path)
    if isinstance(file, Finding):
        raise ConfigErrors([file])
    found = read_model(file, Rules)
    faults: list[Iterable[Fault]] = []
    if found.part is not None:
        named = rules_faults(
            found.part,
            policy.people,
            policy.catalog,
            policy.workflow,
            policy.approvals,
            policy.answers,
        )
        faults = [named, _when("rule", found.part, check_rules)]
    findings = _findings(found, *faults)
    if findings or found.part is None:
        raise ConfigErrors(findings)
    return found.part


def mail_overrides(path: Path) -> tuple[Mapping[str, str], list[Finding]]:
    """The mail templates beside this maildesk.toml, which need not exist, and their faults."""
    return read_overrides(_policy_folder(read_toml(path), path.parent))


def _installation(
    file: TomlFile | Finding, folder: Path, environ: Mapping[str, str]
) -> tuple[Settings | None, list[Finding]]:
    if isinstance(file, Finding):
        return None, [file]
    read = read_model(file, Settings)
    if read.part is None:
        return None, _findings(read)
    settings, faults = complete(read.part, folder, environ)
    return settings, _findings(read, faults, installation_faults(settings))


def _policy_folder(file: TomlFile | Finding, folder: Path) -> Path:
    """The folder that maildesk.toml names, even if other parts of that file are invalid."""
    given = None if isinstance(file, Finding) else file.data.get("policy")
    default: Path = Settings.model_fields["policy"].default
    return folder / (given if isinstance(given, str) else default)


def _policy(
    folder: Path, settings: Settings | None, check_rules: CheckRules | None
) -> tuple[PolicyFiles | None, list[Finding]]:
    if not folder.is_dir():
        return None, [
            Finding(
                file=str(folder),
                key="",
                what="the folder of policy files does not exist",
                remedy="run `maildesk init DIR` to create one; `policy` in maildesk.toml sets "
                "its path",
            )
        ]
    read = {
        name: _policy_file(folder / f"{name}.toml", model, may_miss)
        for name, model, may_miss in POLICY
    }
    overrides, wrong = read_overrides(folder)
    findings = _strangers(folder) + _cross_checked(read, settings, check_rules) + wrong
    if findings:
        return None, findings
    parts = {name: one.part for name, one in read.items() if isinstance(one, Read)}
    free = holidays_of(parts["sla"] or ServiceLevels())
    return PolicyFiles.model_validate(parts | {"holidays": free, "mail_templates": overrides}), []


def _policy_file(path: Path, model: type[Part], may_miss: bool) -> Read[Any] | Finding:
    if may_miss and not path.exists():
        return Read(TomlFile(str(path), "", {}), model())
    file = read_toml(path)
    return file if isinstance(file, Finding) else read_model(file, model)


def _strangers(folder: Path) -> list[Finding]:
    """Unknown files, since a misspelt name would otherwise be ignored silently."""
    known = [f"{name}.toml" for name, _, _ in POLICY]
    return [
        Finding(
            file=str(path), key="", what="maildesk does not read a file of this name", remedy=remedy
        )
        for path in sorted(folder.glob("*.toml"))
        if path.name not in known
        for remedy in [near(path.name, known)]
    ]


def _cross_checked(
    reads: Mapping[str, Read[Any] | Finding],
    settings: Settings | None,
    check_rules: CheckRules | None,
) -> list[Finding]:
    """Check each file against the others, as far as they could be read."""
    parts = {name: read.part for name, read in reads.items() if isinstance(read, Read)}
    people, catalog, workflow = (parts.get(n) for n in ("people", "catalog", "workflow"))
    approvals, answers = (parts.get(n) for n in ("approvals", "answers"))
    desk = settings.desk if settings else None
    checks: dict[str, Callable[[Any], Iterable[Fault]]] = {
        "people": lambda part: people_faults(part, desk),
        "catalog": lambda part: catalog_faults(part, approvals),
        "workflow": workflow_faults,
        "rules": lambda part: [
            *rules_faults(part, people, catalog, workflow, approvals, answers),
            *_when("rule", part, check_rules),
        ],
        "approvals": lambda part: approvals_faults(part, people),
        "sla": lambda part: [
            *sla_faults(part, people, catalog),
            *_when("profile", profile_rules(part), check_rules),
        ],
        "monitoring": lambda part: monitoring_faults(part, desk),
        "answers": answers_faults,
        "reports": lambda part: reports_faults(part, people, parts.get("sla")),
    }
    findings: list[Finding] = []
    for name, read in reads.items():
        if isinstance(read, Finding):
            findings.append(read)
        else:
            findings += _findings(read, checks[name](read.part) if read.part else ())
    return findings


def _when(table: str, rules: Rules, check_rules: CheckRules | None) -> Iterable[Fault]:
    names = [rule.name for rule in rules.rule]
    for name, problem, line, marked in check_rules(rules) if check_rules else ():
        yield Fault((table, names.index(name), "when"), problem, below=line - 1, marked=marked)


def _findings(read: Read[Any], *more: Iterable[Fault]) -> list[Finding]:
    """All findings of a file; the first fault of a value hides later ones at the same place."""
    faults = list(read.faults)
    for look in more:
        seen = [fault.path for fault in faults]
        faults += [f for f in look if not any(_same_place(f.path, path) for path in seen)]
    return sorted(read.file.located(faults), key=lambda finding: finding.line or 0)


def _same_place(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter] and (shorter > 0 or one == other)
