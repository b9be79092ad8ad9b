"""The people of the demo: three logins for the newcomer, and simulated annotators who use the product.

A simulated annotator takes the screening and labels through the same services as the pages. What it is
(careful, noisy, ...) is known here alone; the product sees its answers and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from annotation.errors import Refused
from annotation.labels import Kind
from annotation.models import AccountKind, Hold, Project, QualificationState, Role, User
from annotation.services import projects, screening, seats
from training.demo.plan import Plan
from training.tinyworld.annotators import Annotator

PASSWORD_BYTES = 9


@dataclass(frozen=True)
class Simulated:
    """An account and the mind behind it."""

    user: User
    mind: Annotator

    def label(self, kind: str, prompt: str, shown: list[str]) -> dict[str, Any]:
        """The label this person gives to the texts in shown order, as the page would send it."""
        if kind == Kind.COMPARE:
            choice = self.mind.compare(prompt, shown)
            return {"tiers": [list(tier) for tier in choice.tiers], "strength": choice.strength}
        if kind == Kind.RANK:
            return {"tiers": [list(tier) for tier in self.mind.rank(prompt, shown)]}
        return {"ratings": {"quality": self.mind.score(prompt, shown)}}

    def answer(self, hold: Hold) -> None:
        """Judge what the hold shows and submit it."""
        item = hold.seat.item
        candidates = item.candidates()
        shown = [candidates[index].text for index in hold.order]
        prompt = item.prompt.text
        seats.submit(
            token=hold.token,
            annotator=self.user,
            label=self.label(item.kind, prompt, shown),
            seconds=self.mind.seconds(prompt, shown),
        )


def logins(project: Project) -> dict[str, tuple[User, str]]:
    """One account for each role, with a password made now: role -> (account, password)."""
    made = {}
    for name, roles in (
        ("admin", (Role.ADMIN, Role.RESEARCHER)),
        ("researcher", (Role.RESEARCHER,)),
        ("annotator", (Role.ANNOTATOR,)),
    ):
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user = User.objects.create_user(name, password=password, is_superuser=name == "admin")
        for role in roles:
            projects.add_member(project=project, user=user, role=role)
        made[name] = (user, password)
    return made


def candidates(project: Project, plan: Plan) -> list[Simulated]:
    """The simulated annotators who come to the door, kinds mixed."""
    people = []
    for kind, count in plan.people.items():
        for number in range(1, count + 1):
            user = projects.annotator_account(
                project=project, name=f"{kind.value}-{number}", kind=AccountKind.SIMULATED
            )
            people.append(Simulated(user, Annotator(kind, seed=plan.seed * 100 + number)))
    return people


def take_screening(project: Project, person: Simulated) -> str:
    """Take the test to its decision; the state it ends in. The one retry is used, as a person would."""
    qualification = screening.start(project=project, annotator=person.user)
    while True:
        for hold in _holds(project, person):
            person.answer(hold)
            qualification.refresh_from_db()
            if qualification.state != QualificationState.PENDING:
                break
        if qualification.state != QualificationState.FAILED or qualification.attempt > 1:
            return qualification.state
        qualification = screening.retry(project=project, annotator=person.user)


def label_round(project: Project, people: list[Simulated]) -> Iterator[Simulated]:
    """Take turns, a label each, until nobody finds anything to do; yields who has just answered."""
    working = list(people)
    while working:
        for person in list(working):
            hold = seats.next_hold(project=project, annotator=person.user)
            if hold is None:
                working.remove(person)
                continue
            person.answer(hold)
            yield person


def _holds(project: Project, person: Simulated) -> Iterator[Hold]:
    """The holds of the test, one after the other, while the product gives any."""
    while True:
        try:
            hold = seats.next_hold(project=project, annotator=person.user)
        except Refused:
            return
        if hold is None:
            return
        yield hold
