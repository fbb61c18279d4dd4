"""Each broken configuration and the one line that says what is wrong with it."""

from pathlib import Path

import pytest

from tests.config.desk_files import FILES, edited, findings, write

MAIN = "maildesk.toml"
PEOPLE = "config/people.toml"
CATALOG = "config/catalog.toml"
WORKFLOW = "config/workflow.toml"
RULES = "config/rules.toml"
APPROVALS = "config/approvals.toml"
MONITORING = "config/monitoring.toml"
SLA = "config/sla.toml"
REPORTS = "config/reports.toml"

# file, what stands there, what stands there instead, the finding
BROKEN = [
    # ---- the file itself
    (MAIN, "[desk]", "[desk", "1: is not TOML: expected ']' at the end of a table declaration"),
    (MAIN, "[web]", "[desk]", "18: is not TOML: cannot declare ('desk',) twice"),
    (RULES, 'name = "The rest"', "name = The rest", "7: is not TOML: invalid value"),
    # ---- keys
    (MAIN, "aliases =", "alises =", '3: desk.alises: unknown key; did you mean "aliases"'),
    (MAIN, "[web]", "[wbe]", '18: wbe: unknown key; did you mean "web"?'),
    (MAIN, 'host = "imap.example.org"\n', "", "5: mailbox#1.host: is missing; add host: host name"),
    (MAIN, "[desk]\n", "[desk]\nzzz = 1\n", "2: desk.zzz: unknown key; choose from: name,"),
    (RULES, "then.team", "then.taem", '8: rule#2.then.taem: unknown key; did you mean'),
    (WORKFLOW, 'name = "New"', 'name = ""', '2: status#1.name: '),
    (WORKFLOW, 'from = "New"', 'form = "New"', '17: move#1.form: unknown key; did you'),
    # ---- types and values
    (MAIN, "port = 2424", 'port = "lmtp"', "13: listener#1.port: is not a whole number; write"),
    (MAIN, "port = 2424", "port = 70000", "13: listener#1.port: 70000 is too large; use at most"),
    (MAIN, "port = 2424", "port = -1", "13: listener#1.port: -1 is too small; use at least 0"),
    (MAIN, "port = 2424", 'port = 1\nprotocol = "lmpt"', '14: listener#1.protocol: "lmpt" is not'),
    (MAIN, "[[mailbox]]", "[mailbox]", "5: mailbox: is not a list of tables; begin each entry"),
    (MAIN, 'name = "support"', "name = 5", "6: mailbox#1.name: is not text; put it in double"),
    (MAIN, 'user = "desk"', 'user = "desk"\nidle = 7', "9: mailbox#1.idle: is neither true nor"),
    (MAIN, 'user = "desk"', 'user = "d"\nsecurity = "tsl"', '9: mailbox#1.security: "tsl" is not'),
    (MAIN, '["help@example.org"]', '"help@example.org"', "3: desk.aliases: is not a list; write"),
    (MAIN, 'user = "desk"', 'user = "d"\nsince = "May"', '9: mailbox#1.since: "May" is not a date'),
    (MAIN, 'user = "desk"', 'user = "d"\nsince = 2026-01-31', "9: mailbox#1.since: is not text"),
    (MAIN, '"https://desk', '"desk', "19: web.base_url: is not a plain web address"),
    (MAIN, "example.org/", "example.org/?a", "19: web.base_url: is not a plain web address"),
    (MAIN, "sqlite:///m", "mysql://m", "16: database.url: is not a database URL that"),
    (MAIN, '"desk@example.org"', '"desk"', '2: desk.address: "desk" is not a mail address; write'),
    (MAIN, "sqlite:///m", "postgresql://u:secret@h/m", "16: database.url: contains a password"),
    # ---- secrets
    (MAIN, '{ env = "KEY" }', '{ env = "KYE" }', "22: secrets.key.env: the environment variable"),
    (MAIN, '{ env = "KEY" }', '{ env = "IMAP_PASSWORD" }', "22: secrets.key: is shorter than 32"),
    (MAIN, '{ env = "KEY" }', "{}", '22: secrets.key: give either env = "NAME" or file = "PATH"'),
    (MAIN, '{ env = "KEY" }', '{ file = "no" }', "22: secrets.key.file: file not found"),
    (MAIN, '{ env = "KEY" }', '"hunter2"', "22: secrets.key: is not a table; write { env ="),
    # ---- what maildesk.toml means
    (MAIN, 'name = "lmtp"', 'name = "Support"', '12: listener#1.name: the name "Support" is'),
    (MAIN, 'user = "desk"', 'user = "d"\nprocessed_folder = "INBOX"', "9: mailbox#1.processed_fo"),
    (MAIN, 'user = "desk"', 'user = "d"\nca_file = "no.pem"', "9: mailbox#1.ca_file: file not fo"),
    # ---- people.toml
    (PEOPLE, '"Max"\naddress = "max@', '"Max"\naddress = "ANN@', '11: person#2.address: "ANN@exam'),
    (PEOPLE, "rita@home.example.net", "ann@example.org", '16: person#3.addresses#1: "ann@example'),
    (PEOPLE, "rita@home.example.net", "help@example.org", "16: person#3.addresses#1: \"help@examp"),
    (PEOPLE, 'manager = "max', 'manager = "mx', "17: person#3.manager: no person in people.toml"),
    (PEOPLE, '["ann@', '["anna@', "3: team#1.members#1: no person in people.toml has"),
    (PEOPLE, 'manager = "max', 'manager = "rita', "17: person#3.manager: these managers form a"),
    (PEOPLE, "[[person]]", '[[team]]\nname = "first line"\n[[person]]', '6: team#2.name: the'),
    # ---- catalog.toml
    (CATALOG, '"P1", medium = "P2", low', '"P1", low', "17: matrix.high: the urgency medium"),
    (CATALOG, "low = { high", "lwo = { high", '19: matrix.lwo: there is no grade "lwo"; did you'),
    (CATALOG, "= 5", "= 5\nremind_before_days = 5", "4: request_type#1.remind_before_days: the re"),
    (CATALOG, '"Access"', '"Hardware"', '13: category#2.name: the name "Hardware" is already'),
    # ---- workflow.toml
    (WORKFLOW, 'on_hold = "Pending"', 'on_hold = "Waiting"', "14: roles.on_hold: there is no stat"),
    (WORKFLOW, 'on_hold = "Pending"', 'on_hold = "New"', '14: roles.on_hold: "New" belongs to the'),
    (WORKFLOW, 'to = "Assign"', 'to = "Asign"', '18: move#1.to: there is no status "Asign"'),
    (WORKFLOW, '"New", "Assign"', '"New", "Asign"', '22: move#2.from#2: there is no status'),
    (WORKFLOW, '["resolution"]', '["resolutoin"]', "25: move#2.needs#1: there is no field of a"),
    (WORKFLOW, '"Rejected"]', '"New"]', '9: status#9: "Rejected" is a trap: no move leads out'),
    (WORKFLOW, 'by = ["event"]', 'by = ["rule"]', '13: roles.resolved_by_event: monitoring says'),
    (WORKFLOW, 'state = "On-Hold"', 'state = "On Hold"', "6: status#5.state: there is no state"),
    # ---- rules.toml and approvals.toml
    (RULES, 'team = "First line"', 'team = "Frist line"', '8: rule#2.then.team: there is no team'),
    (RULES, 'category = "Hardware"', 'category = "HW"', '4: rule#1.then.category: there is no cat'),
    (RULES, '"Printer"', '"VPN"', '4: rule#1.then.sub_category: there is no sub category "VPN"; '),
    (RULES, '"Workplace"', '"Desktop"', '4: rule#1.then.service: there is no service "Desktop"; '),
    (RULES, '"ann@example.org"', '"max@example.org"', '9: rule#2.then.assignee: "max@example.org"'),
    (RULES, '"The rest"', '"Printers"', '7: rule#2.name: the name "Printers" is already'),
    (RULES, "then.team", 'on = "craeted"\nthen.team', '8: rule#2.on#1: "craeted" is not a valid'),
    (RULES, 'name = "The rest"', 'name = "R"\non = "waited"', '8: rule#2.on: `on = "waited"` with'),
    (RULES, 'name = "The rest"', 'name = "R"\nwaited = "1 day"', "8: rule#2.waited: `waited`"),
    (RULES, 'name = "The rest"', 'name = "R"\nwaited = "soon"', "8: rule#2.waited: "),
    (RULES, 'name = "The rest"', 'name = "R"\nin_status = "Nwe"', "8: rule#2.in_status#1: there i"),
    (RULES, "then.team", 'then.status = "Done"\nthen.team', '8: rule#2.then.status: there is no s'),
    (RULES, "then.team", 'then.status = "New"\nthen.team', "8: rule#2.then.status: no move to"),
    (RULES, "then.team", 'then.escalate = "L2"\nthen.team', '8: rule#2.then.escalate: there is no'),
    (RULES, "then.team", 'then.watch = "mx@x"\nthen.team', "8: rule#2.then.watch#1: no person in"),
    (RULES, "then.team", "then.mail.to = 'agents'\nthen.team", "8: rule#2.then.mail: a mail needs"),
    (RULES, "then.team", 'then.mail.template = "x"\nthen.team', "8: rule#2.then.mail.template: th"),
    (RULES, "then.team", "then.relate.to = 'tagged'\nthen.team", "8: rule#2.then.relate: `to = "),
    (RULES, "then.team", 'on = "replied"\nthen.drop = "no"\nthen.team', "9: rule#2.then.drop: a m"),
    (
        *(RULES, "then.team", 'on = "replied"\nthen.acknowledge = false\nthen.team'),
        "9: rule#2.then.acknowledge: only a new ticket is acknowledged",
    ),
    (PEOPLE, "members =", 'leads = ["max@example.org"]\nmembers =', "3: team#1.leads#1: there is"),
    (APPROVALS, "max@", "mx@", "1: fallback: no person in people.toml has the"),
    (PEOPLE, "members", 'leads = ["max@example.org"]\nmembers', '3: team#1.leads#1: there is no m'),
    # ---- monitoring.toml
    (MONITORING, 'name = "own"', 'name = "icinga"', '6: source#2.name: the name "icinga" is alrea'),
    (MONITORING, "backup@", "icinga@", '7: source#2.address: "icinga@example.org" is already'),
    (MONITORING, "backup@", "desk@", "7: source#2.address: \"desk@example.org\" is an address"),
    (MONITORING, '"icinga"  # its', '"incinga"  # its', '4: source#1.format: "incinga" is not'),
    (MONITORING, "(?P<key>", "(", "8: source#2.problem: is not a valid pattern: it has no"),
    (MONITORING, "(?P<key>", "(?P<key", "8: source#2.problem: is not a valid pattern: inval"),
    (MONITORING, "problem = 'f", "recovery = 'f", "5: source#2.format: there is no pattern for a"),
    (MONITORING, "# its own form", '\nproblem = "a"', "5: source#1.problem: a known format"),
    (PEOPLE, "[[team]]", '[senders]\ndomains = ["@a.org"]\n[[team]]', "2: senders.domains#1: "),
    (PEOPLE, "manager =", 'zone = "Berlin"\nmanager =', "17: person#3.zone: unknown time zone"),
    (PEOPLE, "[[team]]", '[[group]]\nname = "First line"\n[[team]]', "2: group#1.name: \"First"),
    (PEOPLE, "[[team]]", '[[group]]\nname="B"\nmembers=["x@x"]\n[[team]]', "3: group#1.members#1"),
    (PEOPLE, "manager =", 'language = "German"\nmanager =', "17: person#3.language: "),
    # ---- reports.toml
    (REPORTS, '"max@', '"mx@', "3: report#1.to#1: no person in people.toml has"),
    (REPORTS, '"First line"', '"Frist line"', '3: report#1.to#2: there is no group or team "Frist'),
    (REPORTS, '"monday"', '"mondays"', '4: report#1.every: "mondays" is not a valid value; did'),
    (REPORTS, '"08:00"', '"8:00"', '5: report#1.at: is not a time of day; write, for'),
    (REPORTS, '"office"', '"ofice"', '6: report#1.calendar: there is no calendar "ofice"'),
    (REPORTS, "# end", '[[report]]\nname = "week"\nto = "First line"', '8: report#2.name: the n'),
    # ---- sla.toml: calendars
    (SLA, "Europe/Berlin", "Europe/Berlim", '3: calendar#1.zone: unknown time zone "Europe/Be'),
    (SLA, "09:00-17:00", "09:00-08:00", '4: calendar#1.hours: "09:00-08:00" does not end after'),
    (SLA, "09:00-17:00", "9-17", '4: calendar#1.hours: "9-17" is not an interval; write, for'),
    (SLA, "09:00-17:00", "", "4: calendar#1.hours: write hours after the days"),
    (SLA, "mon-fri", "mo-fr", '4: calendar#1.hours: begin with days, such as "mon-fri"'),
    (SLA, '"mon-fri 09:00-17:00"', "[]", "4: calendar#1.hours: no day has business hours"),
    (SLA, "-17:00", "-17:00 16:00-18:00", "4: calendar#1.hours: two intervals of one day over"),
    (SLA, '"DE"', '"XX"', '5: calendar#1.country: the holidays of "XX" are not known'),
    (SLA, '"BE"', '"ZZ"', '6: calendar#1.region: "DE" has no region "ZZ"'),
    (SLA, 'country = "DE"\n', "", "5: calendar#1.region: a region needs a count"),
    (SLA, '"12-24"', '"24.12."', "7: calendar#1.days_off#1: is not a day; write 2026"),
    (SLA, '"12-24"', '"02-30"', "7: calendar#1.days_off#1: day is out of range for month"),
    (SLA, '["First line"]', '["Frist line"]', '8: calendar#1.teams#1: there is no team "Frist'),
    (SLA, '["First line"]', '["First line", "First line"]', '8: calendar#1.teams#2: "First line" '),
    # escalation policies
    (SLA, "80%", "80", '14: escalation_policy#1.step#1.at: is not a valid time; write, for'),
    (SLA, "+2h", "+2", '15: escalation_policy#1.step#2.at: is not a duration; write, for example'),
    (SLA, "80%", "+3h",
        "13: escalation_policy#1.step: the escalation steps are not in order of time"),
    (SLA, '"assignee"', '"assigne"',
        '14: escalation_policy#1.step#1.notify#1: "assigne" is not a valid value'),
    (SLA, ', notify = ["assignee"]', "",
        "14: escalation_policy#1.step#1: this escalation step does not"),
    (SLA, '"First line" }', '"Second line" }',
        "15: escalation_policy#1.step#2.reassign: there is no team"),
    (SLA, 'within = "office"', 'within = "ofice"',
        "12: escalation_policy#1.notify_within: there is no calenda"),
    # profiles
    (SLA, 'calendar = "office"', 'calendar = "ofice"', "21: profile#1.calendar: there is no calen"),
    (SLA, 'when = "true"', "when = 'mail.subject == \"a\"'", "20: profile#1.when: a profile canno"),
    (SLA, "P1 =", "P0 =", '24: profile#1.resolution.targets.P0: there is no priority "P0"; choo'),
    (SLA, '"1 hour"', '"1 our"', "24: profile#1.resolution.targets.P1: is not a duration; wri"),
    (SLA, '"8 hours"', '"0 hours"', "25: profile#1.resolution.otherwise: is zero; write"),
    (SLA, 'escalation_policy = "up"', 'escalation_policy = "down"',
        '26: profile#1.resolution.escalation_policy: there is no escalation policy'),
    (SLA, "[profile.resolution]", "[profile.rsolution]", "23: profile#1.rsolution: unknown key; d"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "finding"), BROKEN)
def test_an_error_is_reported_with_file_line_and_key(
    tmp_path: Path, file: str, old: str, new: str, finding: str
) -> None:
    write(tmp_path, edited(file, old, new))
    found = findings(tmp_path)
    assert [one for one in found if one.startswith(f"{file}:{finding}")], found
    assert not [one for one in found if "\n" in one]


def test_the_unchanged_configuration_is_valid(tmp_path: Path) -> None:
    write(tmp_path)
    assert findings(tmp_path) == []


def test_every_error_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    changed = edited(MAIN, "aliases", "alises")
    changed[MAIN] = changed[MAIN].replace("port = 2424", 'port = "x"').replace('"KEY"', '"NO"')
    changed[MAIN] = changed[MAIN].replace('host = "imap.example.org"\n', "")
    changed |= edited(PEOPLE, 'manager = "max', 'manager = "mx')
    changed |= edited(CATALOG, '"P1", medium = "P2", low', '"P1", low')
    changed |= edited(WORKFLOW, '["resolution"]', '["resolutoin"]')
    changed |= edited(RULES, "[[rule]]", "[[rule")
    changed |= edited(APPROVALS, "max@", "mx@")
    write(tmp_path, changed)
    assert [one.partition(": ")[0] for one in findings(tmp_path)] == [
        "maildesk.toml:3",  # unknown key
        "maildesk.toml:5",  # missing key
        "maildesk.toml:12",  # wrong type
        "maildesk.toml:21",  # secret
        "config/people.toml:17",
        "config/catalog.toml:17",
        "config/workflow.toml:25",
        "config/rules.toml:1",
        "config/approvals.toml:1",
    ]


def test_a_missing_file_is_one_finding(tmp_path: Path) -> None:
    assert findings(tmp_path) == [
        "maildesk.toml: file not found; run `maildesk init DIR` to create a first configuration"
    ]


def test_a_missing_policy_folder_is_one_finding(tmp_path: Path) -> None:
    write(tmp_path, {MAIN: 'policy = "polcy"\n' + FILES[MAIN]})
    (only,) = findings(tmp_path)
    assert only.startswith("polcy: the folder of policy files does not exist; ")


def test_a_misspelt_policy_file_is_reported(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "config" / "people.toml").rename(tmp_path / "config" / "poeple.toml")
    assert findings(tmp_path)[0] == (
        "config/poeple.toml: maildesk does not read a file of this name; "
        'did you mean "people.toml"?'
    )


TRUSTING = '[trust]\nauthserv_ids = ["mx.example.org"]\n\n[database]'


@pytest.mark.parametrize(
    ("host", "says", "is_fault"),
    [
        # any client could forge the results of our server
        ('host = "0.0.0.0"', "", True),
        ('host = "::"', "", True),
        ('host = "192.0.2.7"', "", True),
        ('host = "mail.example.org"', "", True),
        ('host = ""', "", True),
        # the listener sets check_senders
        ('host = "0.0.0.0"', "check_senders = true", False),
        ('host = "0.0.0.0"', "check_senders = false", False),
        # only this machine can reach it
        ("", "", False),
        ('host = "127.0.0.5"', "", False),
        ('host = "::1"', "", False),
        ('host = "localhost"', "", False),
    ],
)
def test_a_listener_that_strangers_can_reach_must_set_check_senders(
    tmp_path: Path, host: str, says: str, is_fault: bool
) -> None:
    listener = FILES[MAIN].replace("port = 2424", f"port = 2424\n{host}\n{says}")
    write(tmp_path, {MAIN: listener.replace("[database]", TRUSTING)})
    found = findings(tmp_path)
    assert [one.startswith("maildesk.toml:14: listener#1.host: every client") for one in found] == (
        [True] if is_fault else []
    )


def test_check_senders_may_be_omitted_if_no_authserv_id_is_trusted(tmp_path: Path) -> None:
    listener = FILES[MAIN].replace("port = 2424", 'port = 2424\nhost = "0.0.0.0"')
    write(tmp_path, {MAIN: listener})
    assert findings(tmp_path) == []


def test_a_configuration_without_a_source_of_mail_is_an_error(tmp_path: Path) -> None:
    main = (
        FILES[MAIN].partition("[[mailbox]]")[0]
        + "[secrets]"
        + FILES[MAIN].partition("[secrets]")[2]
    )
    write(tmp_path, {MAIN: main})
    assert findings(tmp_path) == [
        "maildesk.toml: mailbox: no mail can be received; "
        "add a [[mailbox]] to read from, or a [[listener]] to deliver to"
    ]
