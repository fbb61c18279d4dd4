"""Reports of monitoring systems as they write them: which problem, begun or ended."""

import pytest

from maildesk.config.schema.monitoring import Monitoring
from maildesk.ingest.intent.monitoring_signal import FORMS, Signal, Watch, pattern_fault, watches
from maildesk.model.monitoring import Report


def watch(form: str, **patterns: str) -> Watch:
    system = {"name": form, "address": "Monitor@example.org", "format": form, **patterns}
    return watches(Monitoring.model_validate({"source": [system]}))["monitor@example.org"]


ZABBIX = (
    "Problem started at 08:55:01 on 2026.11.23\nProblem name: Disk is full\n"
    "Host: web01\nSeverity: High\nOriginal problem ID: 4711\n"
)
PROBLEM, RECOVERY, NEWS = Report.PROBLEM, Report.RECOVERY, Report.NEWS

REPORTS = [
    # a service and a host of Nagios; what is neither begun nor ended is news
    ("nagios", "** PROBLEM Service Alert: web01/disk is CRITICAL **", "", PROBLEM, "web01/disk"),
    ("nagios", "** RECOVERY Service Alert: web01/disk is OK **", "", RECOVERY, "web01/disk"),
    ("nagios", "** PROBLEM Host Alert: web01 is DOWN **", "", PROBLEM, "web01"),
    ("nagios", "** RECOVERY Host Alert: web01 is UP **", "", RECOVERY, "web01"),
    (
        "nagios",
        "** ACKNOWLEDGEMENT Service Alert: web01/disk is OK **",
        "",
        NEWS,
        "web01/disk",
    ),
    ("nagios", "** FLAPPINGSTART Service Alert: web01/disk is OK **", "", NEWS, "web01/disk"),
    # its older form
    ("nagios", "** PROBLEM alert - web01/HTTP is CRITICAL **", "", PROBLEM, "web01/HTTP"),
    # Icinga 2, in either case
    ("icinga", "[PROBLEM] disk on web01 is CRITICAL!", "", PROBLEM, "disk on web01"),
    ("icinga", "[RECOVERY] disk on web01 is OK!", "", RECOVERY, "disk on web01"),
    ("icinga", "[Recovery] Host web01 is UP!", "", RECOVERY, "Host web01"),
    ("icinga", "[DOWNTIMESTART] Host web01 is DOWN!", "", NEWS, "Host web01"),
    # Zabbix names the host in the text; without it two hosts would share a ticket
    ("zabbix", "Problem: Disk is full", ZABBIX, PROBLEM, "web01/Disk is full"),
    ("zabbix", "Resolved in 5m 3s: Disk is full", ZABBIX, RECOVERY, "web01/Disk is full"),
    ("zabbix", "Resolved: Disk is full", ZABBIX, RECOVERY, "web01/Disk is full"),
    ("zabbix", "Updated problem in 2m: Disk is full", ZABBIX, NEWS, "web01/Disk is full"),
    # Alertmanager: the number of alerts and what stands in brackets change within one group
    ("alertmanager", "[FIRING:1] InstanceDown web (critical eu)", "", PROBLEM, "InstanceDown web"),
    ("alertmanager", "[FIRING:3] InstanceDown web (critical)", "", PROBLEM, "InstanceDown web"),
    ("alertmanager", "[RESOLVED] InstanceDown web", "", RECOVERY, "InstanceDown web"),
    (
        *("alertmanager", "[FIRING:1] Disk (root) full web (critical)", "", PROBLEM),
        "Disk (root) full web",
    ),
    ("alertmanager", "[FIRING:1] Disk (home) full web", "", PROBLEM, "Disk (home) full web"),
    # without group_by they are all that there is
    ("alertmanager", "[FIRING:1]  (Down web01 critical)", "", PROBLEM, "Down web01 critical"),
    ("alertmanager", "[RESOLVED]  (Down web01 critical)", "", RECOVERY, "Down web01 critical"),
    ("alertmanager", "[FIRING:1] (critical)", "", PROBLEM, "critical"),
    # Checkmk: the level after the arrow decides
    ("checkmk", "Check_MK: web01/CPU load OK -> CRIT", "", PROBLEM, "web01/CPU load"),
    ("checkmk", "Check_MK: web01/CPU load CRIT -> WARN", "", PROBLEM, "web01/CPU load"),
    ("checkmk", "Checkmk: web01/CPU load WARN -> OK", "", RECOVERY, "web01/CPU load"),
    ("checkmk", "Checkmk: web01 - UP -> DOWN", "", PROBLEM, "web01"),
    ("checkmk", "Checkmk: web01 - DOWN -> UP", "", RECOVERY, "web01"),
    ("checkmk", "Checkmk: web01/CPU load Acknowledgement (CRIT)", "", NEWS, "web01/CPU load"),
    # a service may be spelled with capitals; what is said of it stands at the end
    ("checkmk", "Checkmk: web01/CPU Load Acknowledged", "", NEWS, "web01/CPU Load"),
    ("checkmk", "Checkmk: web01/CPU Load Started Flapping", "", NEWS, "web01/CPU Load"),
    ("checkmk", "Checkmk: web01 - Downtime Start (DOWN)", "", NEWS, "web01"),
    (
        "checkmk",
        "Check_MK: web01/Check_MK Discovery OK -> WARN",
        "",
        PROBLEM,
        "web01/Check_MK Discovery",
    ),
]


@pytest.mark.parametrize(("system", "subject", "text", "report", "key"), REPORTS)
def test_a_report_is_read_as_its_system_writes_it(
    system: str, subject: str, text: str, report: Report, key: str
) -> None:
    assert watch(system).read(subject, text) == Signal(report, f"{system}:{key}")


def test_long_names_that_begin_alike_are_two_problems() -> None:
    labels = "A" * 250
    keys = {watch("alertmanager").key(f"{labels} web{number}") for number in range(3)}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {len("alertmanager:") + 200}
    assert watch("nagios").key("a" * 200) == f"nagios:{'a' * 200}"


def test_the_table_has_a_problem_and_a_recovery_of_every_format() -> None:
    told = {(system, kind) for system, _, _, kind, _ in REPORTS}
    assert all(
        (known, kind) in told for known in FORMS if known != "own" for kind in (PROBLEM, RECOVERY)
    )


@pytest.mark.parametrize(
    ("system", "subject"),
    [
        # a person writes from the system's address, or the system sends its weekly report
        ("nagios", "Weekly availability report"),
        ("icinga", "Re: [PROBLEM] disk on web01 is CRITICAL!"),
        ("zabbix", "Problem: Disk is full"),  # and no host in the text
        ("alertmanager", "[FIRING:1] "),
        ("checkmk", "Check_MK: "),
    ],
)
def test_what_is_of_no_known_form_is_no_report(system: str, subject: str) -> None:
    assert watch(system).read(subject, "") is None


def test_an_admin_may_write_patterns_of_the_own() -> None:
    backup = watch("own", problem=r"Backup of (?P<key>\S+) failed", recovery=r"(?P<key>\S+) saved")
    assert backup.read("Backup of db1 failed", "") == Signal(PROBLEM, "own:db1")
    assert backup.read("news", "line\ndb1 saved") == Signal(RECOVERY, "own:db1")
    assert backup.read("nothing", "") is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [("(?P<key>a+)+$", ""), ("(", "missing )"), ("failed", "no group"), (r"(?P<key>a)\1", "\\1")],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern: str, fault: str) -> None:
    assert fault in pattern_fault(pattern)
    assert bool(pattern_fault(pattern)) == bool(fault)


def test_a_pattern_costs_linear_time() -> None:
    slow_elsewhere = watch("own", problem=r"^(?:a+)+(?P<key>x)$")
    assert slow_elsewhere.read("a" * 3_000, "a" * 100_000) is None
