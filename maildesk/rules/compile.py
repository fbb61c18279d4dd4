"""Checks rules when they are loaded: names, types and patterns, with all errors at once.

`when` is CEL (https://cel.dev), compiled and type-checked by Google's runtime. Every fact is a
dotted name with a type, so `mail.subjct` and `ticket.number == "1"` are errors when the rules are
loaded, not when a mail arrives. `matches` is RE2, which is linear in the mail. A pattern built at
run time (`"a" + ticket.team`) can only be checked at run time.

A rule is compiled twice: as written, to find its mistakes, and for evaluation, with each
`fact.matches("literal")` replaced by an index into the list `patterns` (rules/patterns.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from cel_expr_python import cel  # type: ignore[import-untyped]

from maildesk.config.schema.rules import Relate, Rule, Rules, Trigger
from maildesk.rules.facts import FACTS, RuleInput, Value, values
from maildesk.rules.patterns import Patterns, error_in

_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
}
_TEXTS = frozenset(fact.name for fact in FACTS if fact.type == "string")
_ANSWERS = "patterns"
_FUNCTIONS = (
    *("all", "contains", "endsWith", "exists", "exists_one", "filter", "has", "map"),
    *("matches", "size", "startsWith", "int", "string"),
)
_ERROR = re.compile(r"^(?:\w+: )?ERROR: <input>:(\d+):(\d+): (.*)$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '([^']*)'")
_TOKEN = re.compile(
    r'(?P<literal>[rR](?:"""(?s:.*?)"""|"[^"\n]*"|\'[^\'\n]*\')'
    r'|"""(?s:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r"|(?P<skip>\s+|//[^\n]*)|(?P<word>\w+)|(?P<sign>.)"
)

# object.field.matches("literal"): "" stands for any word and None for a literal
_MATCHES_CALL = ("", ".", "", ".", "matches", "(", None, ")")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake in one rule. `line` and `column` count from 1 inside `when`.

    `column` is None if the position is unknown; `source` is the line with the mistake.
    """

    rule: str
    message: str
    line: int = 1
    column: int | None = None
    source: str = ""

    def marked(self) -> str:
        """The line of the rule with a caret below it; "" if the position is unknown."""
        return f"{self.source}\n{' ' * (self.column - 1)}^" if self.column else ""

    def __str__(self) -> str:
        place = f", line {self.line}, column {self.column}" if self.column else ""
        return f"rule {self.rule!r}{place}: {self.message}"


class RuleErrors(ValueError):
    """All mistakes in a set of rules. Permanent: somebody has to correct rules.toml."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule whose `when` is known to give true or false."""

    rule: Rule
    expression: cel.Expression
    holds: str
    fails: str


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """All rules in order, and the environment in which they are evaluated."""

    rules: tuple[CompiledRule, ...]
    environment: cel.Env
    patterns: Patterns

    def activation(self, rule_input: RuleInput) -> cel.Activation:
        """The facts of an input, for any number of rules."""
        return self.activated(values(rule_input))

    def activated(self, facts: dict[str, Value]) -> cel.Activation:
        """The same from facts by name, which must be complete."""
        return self.environment.Activation({**facts, _ANSWERS: self.patterns.answers(facts)})

    @property
    def chooses(self) -> bool:
        """Whether a rule assigns the ticket to an agent by workload."""
        return any(compiled.rule.then.assign for compiled in self.rules)

    @property
    def relates(self) -> tuple[Relate, ...]:
        """The descriptions by which rules search for related tickets."""
        wanted = (compiled.rule.then.relate for compiled in self.rules)
        return tuple(relate for relate in wanted if relate is not None)

    def waits_for(self, on: Trigger) -> bool:
        """Whether any rule is evaluated on this trigger."""
        return any(on in compiled.rule.on for compiled in self.rules)


def compile_rules(rules: Rules) -> CompiledRules:
    """Check and compile every rule. Raises RuleErrors with the mistakes of all rules."""
    written, patterns = _environment({}), Patterns()
    run = _environment({_ANSWERS: cel.Type.List(cel.Type.BOOL)})
    findings = tuple(found for rule in rules.rule for found in _mistakes(written, rule))
    if findings:
        raise RuleErrors(findings)
    compiled = tuple(
        CompiledRule(
            rule,
            run.compile(_with_pattern_numbers(rule.when, written, patterns)),
            holds=f"holds: {rule.when}",
            fails=f"does not hold: {rule.when}",
        )
        for rule in rules.rule
    )
    patterns.ready()
    return CompiledRules(compiled, run, patterns)


def _environment(more: dict[str, cel.Type]) -> cel.Env:
    return cel.NewEnv(variables={fact.name: _TYPES[fact.type] for fact in FACTS} | more)


def _mistakes(environment: cel.Env, rule: Rule) -> tuple[Finding, ...]:
    try:
        expression = environment.compile(rule.when)
    except RuntimeError as error:
        return tuple(_findings(rule, str(error)))
    kind = expression.return_type()
    if kind != cel.Type.BOOL:
        asked = f"`when` must be true or false, but this gives {kind.name().lower()}"
        return (_finding(rule, 1, 1, asked),)
    return tuple(_bad_patterns(environment, rule))


def _finding(rule: Rule, line: int, column: int, message: str) -> Finding:
    lines = rule.when.split("\n")
    source = lines[line - 1] if line <= len(lines) else ""
    return Finding(rule=rule.name, message=message, line=line, column=column, source=source)


def _findings(rule: Rule, report: str) -> Iterator[Finding]:
    """The report of the CEL runtime in plain words, one finding per error."""
    places = list(_ERROR.finditer(report))
    for found in places:
        line, column, message = int(found[1]), int(found[2]), found[3]
        yield _finding_at(rule, line, column, message)
    if not places:
        yield Finding(rule=rule.name, message=report.partition(": ")[2].partition(" [")[0])


def _finding_at(rule: Rule, line: int, column: int, message: str) -> Finding:
    finding = _finding(rule, line, column, _in_plain_words(message))
    name = _UNDECLARED.match(message)
    if name is None:
        return finding
    # The runtime marks the dot of a name and the bracket of a call; the caret marks the start.
    begin = finding.source.rfind(name[1], 0, column + len(name[1])) + 1
    is_call = finding.source[column - 1 : column] == "("
    unknown = _unknown_name(name[1], is_call=is_call)
    return _finding(rule, line, begin or column, unknown)


def _unknown_name(name: str, *, is_call: bool) -> str:
    known = _FUNCTIONS if is_call else [fact.name for fact in FACTS]
    near = get_close_matches(name[:80], known, n=1, cutoff=0.5)
    what = f"there is no {'function' if is_call else 'name'} {name!r}"
    return f"{what}; did you mean {near[0]!r}?" if near else what


def _in_plain_words(message: str) -> str:
    overload = _OVERLOAD.match(message)
    if overload:
        operator = overload[1].strip("_@")
        return f"`{operator}` cannot be used with {overload[2].strip('()')}"
    if "mismatched input '<EOF>'" in message:
        return "the expression ends too early"
    return message.partition(" expecting ")[0].removeprefix("Syntax error: ")


def _bad_patterns(environment: cel.Env, rule: Rule) -> Iterator[Finding]:
    for token in _pattern_literals(_tokens(rule.when)):
        reason = error_in(_text_of(environment, token[0]))
        if reason:
            line = rule.when.count("\n", 0, token.start()) + 1
            column = token.start() - rule.when.rfind("\n", 0, token.start())
            yield _finding(rule, line, column, f"invalid regular expression: {reason}")


def _text_of(environment: cel.Env, literal: str) -> str:
    return str(environment.compile(literal).eval(environment.Activation({})).value())


def _tokens(when: str) -> list[re.Match[str]]:
    return [token for token in _TOKEN.finditer(when) if token.lastgroup != "skip"]


def _pattern_literals(tokens: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Each literal that is the pattern of a `matches` call."""
    opened: list[bool] = []
    for place, token in enumerate(tokens):
        if token[0] == "(":
            opened.append(place > 0 and tokens[place - 1][0] == "matches")
        elif token[0] == ")" and opened:
            begun, before = opened.pop(), tokens[place - 1]
            whole = tokens[place - 2][0] in ("(", ",")
            if begun and whole and before.lastgroup == "literal":
                yield before


def _with_pattern_numbers(when: str, environment: cel.Env, patterns: Patterns) -> str:
    """The expression with each `fact.matches("literal")` as `patterns[number]`."""
    tokens = _tokens(when)
    parts, done = [], 0
    for place in range(len(tokens) - len(_MATCHES_CALL) + 1):
        call = tokens[place : place + len(_MATCHES_CALL)]
        fact = f"{call[0][0]}.{call[2][0]}"
        inner = place > 0 and tokens[place - 1][0] == "."
        if inner or fact not in _TEXTS or not _is_matches_call(call):
            continue
        number = patterns.number(fact, _text_of(environment, call[6][0]))
        parts += [when[done : call[0].start()], f"{_ANSWERS}[{number}]"]
        done = call[-1].end()
    return "".join(parts) + when[done:]


def _is_matches_call(tokens: list[re.Match[str]]) -> bool:
    return all(
        token.lastgroup == "literal" if word is None else word in ("", token[0])
        for token, word in zip(tokens, _MATCHES_CALL, strict=True)
    )
