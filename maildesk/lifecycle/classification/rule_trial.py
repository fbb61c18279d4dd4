"""The tests beside the rules, run on the real workflow and the people of people.toml. Pure.

No database is asked: nobody has anything to do yet, and there is no other ticket. So `assign`
chooses nobody, and `relate` finds a ticket without a number, whatever it looks for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from maildesk.config.schema.people import People
from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.config.schema.rules import Relate
from maildesk.lifecycle.classification.rule_actions import BuilderTarget
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Directory, Policy
from maildesk.model.decision import Actor, ActorKind
from maildesk.model.mail import address_key
from maildesk.model.person import Person
from maildesk.rules.compile import CompiledRules
from maildesk.rules.facts import RuleInput
from maildesk.rules.trial import Difference, try_out

_NOBODY_ELSE = 1_000  # the people of a test's facts have smaller ids
_UNNUMBERED = -1
_NOW = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _TrialTarget(BuilderTarget):
    """A real ticket of a desk in which nobody knows who has how much to do."""

    def choose(self, _how: str, _team: str, /) -> str | None:
        """Nobody: who is chosen depends on the day."""

    def find(self, _rule_input: RuleInput, _relate: Relate, /) -> int | None:
        """Some ticket, whatever is looked for."""
        return _UNNUMBERED


def differences(files: PolicyFiles, compiled: CompiledRules) -> list[Difference]:
    """What came otherwise than the tests of rules.toml expect."""
    policy = Policy.of(files, compiled, _directory(files.people))

    def target(rule_input: RuleInput) -> _TrialTarget:
        builder = DecisionBuilder(rule_input.ticket, Actor(ActorKind.RULE), policy, _NOW)
        return _TrialTarget(builder, rule_input.requester)

    return [one for test in files.rules.test for one in try_out(compiled, test, target)]


def _directory(people: People) -> Directory:
    members = dict.fromkeys(address_key(one) for team in people.team for one in team.members)
    ids = dict(zip(members, count(_NOBODY_ELSE), strict=False))
    teams = {
        team.name: tuple(_agent(address, ids[address_key(address)]) for address in team.members)
        for team in people.team
    }
    return Directory(teams, levels={team.name: team.level for team in people.team})


def _agent(address: str, id_: int) -> Person:
    return Person(id=id_, name=address, address=address)
