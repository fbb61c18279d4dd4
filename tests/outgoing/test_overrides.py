"""A template of the administrator's stands in place of the desk's own, and can do no harm."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from maildesk.messages.translator import Translator
from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.person import Person
from maildesk.outgoing.compose import Composer
from maildesk.outgoing.templating.mail_templates import MailTemplates
from maildesk.outgoing.templating.template_sandbox import LONGEST, STEPS
from tests.outgoing.cast import ANN, HOUSE, NONCE, NOW, RITA, TOPIC
from tests.outgoing.test_compose import composed, parts

REPLY = OutgoingMail(
    template=Template.REPLY, to=RITA.id, automatic=False, text="Try again.", author=2
)
CLOSURE = OutgoingMail(template=Template.CLOSURE, to=RITA.id)
ENGLISH = Translator()


def bodies(
    overrides: Mapping[str, str], outgoing_mail: OutgoingMail = REPLY, to: Person = RITA
) -> tuple[str, str]:
    """Text and HTML of a mail of a desk with these templates."""
    return parts(composed(outgoing_mail, TOPIC, to, ANN, composer=Composer(HOUSE, overrides)))


def test_one_format_of_one_template_is_replaced() -> None:
    text, html = bodies({"reply.txt": "Dear {{ recipient.name }}: {{ text }}"})
    assert text.strip() == "Dear Rita Novák: Try again."
    assert "Ann Archer replied" in html
    assert "Ann Archer replied" not in bodies({"reply.txt": "x"}, CLOSURE)[1]


def test_one_block_is_replaced() -> None:
    override = '{% extends "maildesk/reply.html" %}{% block answer %}Call 112.{% endblock %}'
    _, html = bodies({"reply.html": override})
    assert "Call 112." in html
    assert "To respond" not in html
    assert "Ann Archer replied" in html


def test_the_layout_is_replaced_in_every_mail() -> None:
    layout = "{% extends 'maildesk/layout.txt' %}{% block body %}{% endblock %}"
    overrides = {"layout.txt": "ACME\n{% block body %}{% endblock %}"}
    for outgoing_mail in (REPLY, CLOSURE):
        assert bodies(overrides, outgoing_mail)[0].startswith("ACME")
    assert bodies({"layout.txt": layout})[0].startswith("MD-1042")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("de", "Hallo", id="the language itself"),
        pytest.param("de-AT", "Hallo", id="its base"),
        pytest.param("en", "Hello", id="another language"),
        pytest.param("", "Hello", id="no language is known"),
    ],
)
def test_one_language_is_replaced(language: str, text: str) -> None:
    overrides = {
        "reply.de.txt": "Hallo, {{ language }}",
        "reply.txt": "Hello, {{ language }}",
    }
    (said, html) = bodies(overrides, to=replace(RITA, language=language))
    tag = "de" if text == "Hallo" else "en"
    assert said.strip() == f"{text}, {tag}"
    assert f'<html lang="{tag}"' in html


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    outgoing_mail = replace(REPLY, text="<script>&")
    text, html = bodies({"reply.html": "{{ text }}", "reply.txt": "{{ text }}"}, outgoing_mail)
    assert (text.strip(), html.strip()) == ("<script>&", "&lt;script&gt;&amp;")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ recipent.name }}", id="a misspelt variable"),
        pytest.param("{{ ticket.no_such_field }}", id="a misspelt field"),
        pytest.param('{{ t("no.such-message") }}', id="a message that is not there"),
        pytest.param("{{ 1 // 0 }}", id="a division by zero"),
        pytest.param("{{ ''.__class__.__mro__ }}", id="a way out of the sandbox"),
        pytest.param(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            id="a loop without an end",
        ),
        pytest.param(
            "{% macro m(n) %}{% if n %}{{ m(n-1) ~ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
            id="calls without an end",
        ),
        pytest.param("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", id="a macro of itself"),
        pytest.param("{{ 'x' * 10 ** 9 }}", id="a power"),
        pytest.param("{{ 'x' * 999999999 }}", id="a repeated text"),
        pytest.param("{{ '%999999999d' % 1 }}", id="a wide number"),
        pytest.param("{{ '%999999999d'|format(1) }}", id="a wide number by a filter"),
        pytest.param("{{ 'x'.ljust(999999999) }}", id="a padded text"),
        pytest.param("{{ '{:999999999}'.format(1) }}", id="a formatted text"),
        pytest.param("{% for a in range(19999) %}" + "x" * 100 + "{% endfor %}", id="a huge mail"),
    ],
)
def test_a_template_that_fails_is_not_used_and_the_mail_goes_out(source: str) -> None:
    overrides = {"reply.txt": source}
    with pytest.raises((TemplateError, KeyError, ArithmeticError, RecursionError)):
        MailTemplates(overrides).preview(Template.REPLY, {"ticket": TOPIC.ticket}, ENGLISH, "")
    mail = Composer(HOUSE, overrides).compose(REPLY, TOPIC, RITA, ANN, now=NOW, nonce=NONCE)
    assert mail.fault.startswith("reply: ")
    assert b"Ann Archer replied" in mail.raw
    assert not Composer(HOUSE).compose(REPLY, TOPIC, RITA, ANN, now=NOW, nonce=NONCE).fault


def test_the_limits_say_what_they_are() -> None:
    loop = MailTemplates({"reply.txt": "{% for n in range(99999) %}{% endfor %}"})
    with pytest.raises(SecurityError, match=f"more than {STEPS} steps: does a loop end"):
        loop.preview(Template.REPLY, {}, ENGLISH, "")
    long = MailTemplates({"reply.txt": "{% for n in range(15000) %}" + "x" * 90 + "{% endfor %}"})
    with pytest.raises(SecurityError, match=f"longer than {LONGEST} characters"):
        long.preview(Template.REPLY, {}, ENGLISH, "")


def test_a_long_answer_of_an_agent_is_not_too_long() -> None:
    outgoing_mail = replace(REPLY, text="<&>\n" * 300_000)
    overrides = {"reply.html": '{% extends "maildesk/reply.html" %}'}
    mail = Composer(HOUSE, overrides).compose(outgoing_mail, TOPIC, RITA, ANN, now=NOW, nonce=NONCE)
    assert mail.fault == ""


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("one\n{% if %}", 2, id="a broken tag"),
        pytest.param("{% for a in b recursive %}{% endfor %}", 1, id="a recursive loop"),
    ],
)
def test_a_template_that_cannot_be_compiled_is_an_error_with_its_line(
    source: str, line: int
) -> None:
    with pytest.raises(TemplateSyntaxError) as found:
        MailTemplates({"reply.txt": source})
    assert (found.value.name, found.value.lineno) == ("reply.txt", line)


def test_an_override_sees_the_variables_and_no_other() -> None:
    with pytest.raises(UndefinedError):
        MailTemplates({"reply.txt": "{{ house }}"}).preview(Template.REPLY, {}, ENGLISH, "")
