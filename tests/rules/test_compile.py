"""Rules are checked when they are loaded, all of them at once."""

import tomllib
from pathlib import Path

import pytest

from maildesk.config.schema.rules import Rule, Rules
from maildesk.rules.compile import Finding, RuleErrors, compile_rules
from maildesk.rules.facts import FACTS, Fact

SHIPPED = Path(__file__).parents[2] / "config" / "rules.toml"


def findings(*whens: str) -> tuple[Finding, ...]:
    rules = Rules(rule=tuple(Rule(name=f"rule {n}", when=w) for n, w in enumerate(whens)))
    with pytest.raises(RuleErrors) as caught:
        compile_rules(rules)
    return caught.value.findings


def test_the_shipped_rules_compile() -> None:
    shipped = Rules(**tomllib.loads(SHIPPED.read_text()))
    assert len(compile_rules(shipped).rules) == len(shipped.rule) > 0


def test_the_comment_in_rules_toml_names_every_fact_and_no_other() -> None:
    comment = [line for line in SHIPPED.read_text().splitlines() if line.startswith("#   ")]
    assert sorted(" ".join(comment).replace("#", " ").split()) == sorted(f.name for f in FACTS)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_has_the_type_it_is_declared_with(fact: Fact) -> None:
    inner = fact.type.removeprefix("list(").removesuffix(")")
    when = f"type({fact.name}) == {inner}" if inner == fact.type else f'{fact.name} == ["x"]'
    assert compile_rules(Rules(rule=(Rule(name="typed", when=when),)))


MISTAKES = (
    # a wrong name, and the nearest known one
    ('mail.subjct == "x"', 1, "no name 'mail.subjct'; did you mean 'mail.subject'"),
    # a wrong name that stands further on
    ('true || ticket.tem == ""', 9, "no name 'ticket.tem'; did you mean 'ticket.team'"),
    # columns count characters, not bytes
    ('"é" == mail.subjct', 8, "no name 'mail.subjct'"),
    # a group of names is no name
    ('mail == "x"', 1, "no name 'mail'"),
    # a word of nowhere gets no guess
    ("zzzzzzzz == 1", 1, "no name 'zzzzzzzz'"),
    # a method spelt wrong
    ('mail.subject.Contains("x")', 14, "no function 'Contains'; did you mean 'contains'"),
    # a function that does not exist
    ("now() == 1", 1, "no function 'now'"),
    # text compared with a number
    ("mail.subject == 3", 14, "`==` cannot be used with string, int"),
    # number compared with text
    ('ticket.reopened > "2"', 17, "`>` cannot be used with int, string"),
    # true or false compared with text
    ('requester.has_manager == "yes"', 23, "`==` cannot be used with bool, string"),
    # a list compared with one word
    ('ticket.tags == "vip"', 13, "`==` cannot be used with list(string), string"),
    # looked for in a word as if it were a list
    ('"x" in ticket.team', 5, "`in` cannot be used with string, string"),
    # negated text
    ("!ticket.team", 1, "`!` cannot be used with string"),
    # not a question at all
    ("mail.subject", 1, "must be true or false, but this gives string"),
    # broken off
    ("mail.subject ==", 16, "the expression ends too early"),
    # not CEL
    ("mail.subject = 'x'", 14, "token recognition error at: '= '"),
    # a pattern with an open bracket
    ('mail.subject.matches("(")', 22, "invalid regular expression: missing )"),
    # hidden behind a word that holds anyway
    ('true || matches(mail.text, r"[")', 28, "invalid regular expression: missing ]"),
    # back-references and look-behind are what makes other engines slow: RE2 has none
    (r"mail.text.matches('(a)\\1')", 19, "invalid escape sequence"),
    ('mail.text.matches("(?<=a)b")', 19, "invalid perl operator"),
)


@pytest.mark.parametrize(("when", "column", "message"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_found_when_loaded_and_its_column_marked(
    when: str, column: int, message: str
) -> None:
    found = findings(when)[0]
    assert message in found.message
    assert (found.rule, found.line, found.column) == ("rule 0", 1, column)
    assert found.marked() == f"{when}\n{' ' * (column - 1)}^"


def test_a_mistake_in_a_rule_of_several_lines_names_the_line() -> None:
    (found,) = findings('mail.subject == "a" &&\n  mail.text.matches("(") // "(\n')
    assert (found.line, found.column, found.source[:6]) == (2, 21, "  mail")


def test_the_mistakes_of_all_rules_are_reported_at_once() -> None:
    found = findings("true", 'foo == 1 || bar == "x"', "mail.subject", "true")
    assert [one.rule for one in found] == ["rule 1", "rule 1", "rule 2"]


def test_a_mistake_without_a_position_is_described_in_words() -> None:
    (found,) = findings("(" * 40 + "true" + ")" * 40)
    assert (found.column, found.marked()) == (None, "")
    assert found.message == "Expression recursion limit exceeded. limit: 32"


@pytest.mark.parametrize(
    "when",
    [
        # brackets inside texts and comments are not patterns
        "mail.text == \"matches('(')\"",
        'true // .matches("(")',
        # the text that is searched is not the pattern
        '"(".matches(mail.text)',
        # a pattern put together at run time can only be checked there
        'mail.text.matches("(" + ticket.team)',
        'mail.text.matches(ticket.team + "(")',
    ],
)
def test_only_literal_patterns_are_checked_when_loaded(when: str) -> None:
    assert compile_rules(Rules(rule=(Rule(name="fine", when=when),)))
