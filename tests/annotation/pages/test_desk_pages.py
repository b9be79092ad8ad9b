"""The desk without scripts: forms, messages in place, JSON, blindness."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.labels import Kind
from annotation.models import Annotation, Completion, Hold, HoldState, Project, Role, User
from annotation.services import seats
from tests.factories import HELPFUL, HONEST, make_project, make_round, make_user


@pytest.fixture
def desk(client: Client, annotator: User) -> Client:
    client.force_login(annotator)
    return client


def page(client: Client, project: Project) -> str:
    return client.get(reverse("desk", args=[project.slug])).content.decode()


def hold_of(client: Client, project: Project, kind: Kind = Kind.COMPARE, k: int = 2) -> Hold:
    """A round with one item of that kind, and its hold in the hands of the client's person."""
    make_round(project, 1, kind=kind, k=k)
    page(client, project)
    return Hold.objects.get(state=HoldState.OPEN)


def submit(client: Client, hold: Hold, fields: dict[str, Any]) -> Any:
    return client.post(reverse("hold-submit", args=[hold.token]), fields)


def send(client: Client, name: str, hold: Hold, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(reverse(name, args=[hold.token]), text, content_type="application/json")


def shown_first(hold: Hold) -> list[list[int]]:
    """The tiers, in the item's own order, of somebody who found the first shown the better."""
    return [[hold.order[0]], [hold.order[1]]]


def test_a_comparison_is_stored_in_the_items_own_order(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    answer = submit(desk, hold, {"side": "a", "strength": "3", "seconds": "12.5"})
    assert answer["Location"] == reverse("desk", args=[project.slug])
    stored = Annotation.objects.get()
    assert stored.label == {"tiers": shown_first(hold), "strength": 3}
    assert stored.seconds == 12.5


def test_both_bad_is_a_tie_with_a_flag(desk: Client, project: Project) -> None:
    submit(desk, hold_of(desk, project), {"side": "bad", "strength": "3"})
    assert Annotation.objects.get().label == {"tiers": [[0, 1]], "both_bad": True}


@pytest.mark.parametrize(
    ("fields", "said"), [({}, "Choose an answer"), ({"side": "b"}, "Say how much better")]
)
def test_an_unfinished_comparison_says_what_is_missing_and_keeps_the_rest(
    desk: Client, project: Project, fields: dict[str, str], said: str
) -> None:
    answer = submit(desk, hold_of(desk, project), fields | {"comment": "half a thought"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "half a thought" in text
    assert ('id="side-b" checked' in text) == ("side" in fields)
    assert not Annotation.objects.exists()


def test_a_ranking_is_read_from_places(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project, Kind.RANK, 4)
    submit(desk, hold, {"place-2": "1", "place-0": "2", "place-3": "2"})
    own = hold.order
    assert Annotation.objects.get().label["tiers"] == [[own[2]], sorted([own[0], own[3]]), [own[1]]]


def test_a_ranking_without_places_is_asked_about_once(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project, Kind.RANK, 3)
    answer = submit(desk, hold, {"place-0": ""})
    assert answer.status_code == 422
    assert 'name="sure" value="1"' in answer.content.decode()
    submit(desk, hold, {"sure": "1"})
    assert Annotation.objects.get().label["tiers"] == [[0, 1, 2]]


def test_scores_are_read_cell_by_cell(desk: Client, annotator: User) -> None:
    project = make_project(criteria=(HELPFUL, HONEST))
    make_user("x", member_of=project)
    project.memberships.create(user=annotator, role=Role.ANNOTATOR)
    hold = hold_of(desk, project, Kind.SCORE, 2)
    fields = {
        "rating-helpful-0": "7",
        "rating-helpful-1": "2",
        "rating-honest-0": "na",
        "rating-honest-1": "5",
    }
    assert "1 score to go" in submit(desk, hold, dict(list(fields.items())[:3])).content.decode()
    submit(desk, hold, fields)
    shown: dict[str, list[float | None]] = {"helpful": [7.0, 2.0], "honest": [None, 5.0]}
    own = {name: [values[hold.order.index(place)] for place in (0, 1)] for name, values in shown.items()}
    assert Annotation.objects.get().label == {"ratings": own}


def test_a_number_off_the_scale_is_said_in_place(desk: Client, project: Project) -> None:
    answer = submit(desk, hold_of(desk, project, Kind.SCORE, 1), {"rating-helpful-0": "99"})
    assert answer.status_code == 422
    assert "not between 1 and 7" in answer.content.decode()


def test_flags_and_a_comment_go_with_the_answer(desk: Client, annotator: User) -> None:
    project = make_project(flags=["Rude", "Cut off"])
    project.memberships.create(user=annotator, role=Role.ANNOTATOR)
    hold = hold_of(desk, project)
    submit(desk, hold, {"side": "tie", "flags-1": ["Rude"], "comment": "curt"})
    label = Annotation.objects.get().label
    assert label["flags"][hold.order[1]] == ["Rude"]
    assert label["comment"] == "curt"


def test_an_unknown_flag_is_refused_in_place(desk: Client, project: Project) -> None:
    answer = submit(desk, hold_of(desk, project), {"side": "tie", "flags-0": ["Mine"]})
    assert answer.status_code == 422
    assert not Annotation.objects.exists()


def test_the_same_answer_sent_twice_is_one_answer(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    for _ in range(2):
        assert submit(desk, hold, {"side": "tie"}).status_code == 302
    assert Annotation.objects.count() == 1


def test_a_script_submits_json_and_is_told_where_to_go(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    answer = send(desk, "hold-submit", hold, {"label": {"tiers": [[0], [1]], "strength": 4}, "seconds": 3})
    assert answer.json() == {"stored": True, "replay": False, "next": reverse("desk", args=[project.slug])}
    assert Annotation.objects.get().label["tiers"] == shown_first(hold)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "3",
        '{"label": {"tiers": [[0], [1]]}, "label": {}}',
        '{"label": NaN}',
        '{"label": 1e999}',
        '{"label": {"tiers": [[0], [0]]}}',
        '{"label": {"tiers": [[0, 1, 2]]}}',
        '{"label": {"tiers": [[0, 1]], "comment": "\\u0000"}}',
        '{"label": {"tiers": [[0], [1]]}, "seconds": "soon"}',
        '{"wrong": 1}',
        '{"label": "x"}',
    ],
)
def test_bad_json_is_answered_400_and_nothing_is_stored(desk: Client, project: Project, body: str) -> None:
    answer = send(desk, "hold-submit", hold_of(desk, project), body)
    assert answer.status_code == 400
    assert {"code", "message", "field"} == answer.json().keys()
    assert not Annotation.objects.exists()


def test_a_script_without_a_session_is_told_401(client: Client, desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    assert send(Client(), "hold-draft", hold, {}).status_code == 401


def test_somebody_elses_item_is_not_found(desk: Client, project: Project, other_annotator: User) -> None:
    hold = hold_of(desk, project)
    other = Client()
    other.force_login(other_annotator)
    assert submit(other, hold, {"side": "tie"}).status_code == 404
    assert send(other, "hold-draft", hold, {}).status_code == 404
    assert send(other, "hold-submit", hold, {"label": {"tiers": [[0, 1]]}}).status_code == 404
    assert other.post(reverse("hold-skip", args=[hold.token]), {"reason": "other"}).status_code == 404


def test_a_draft_fills_the_page_again(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    fields = {"side": ["b"], "strength": ["2"], "comment": ["not sure"]}
    assert send(desk, "hold-draft", hold, {"fields": fields}).status_code == 200
    text = page(desk, project)
    assert 'id="side-b" checked' in text
    assert "not sure" in text


@pytest.mark.parametrize("draft", [{"tiers": "x"}, {"ratings": 3}, {"fields": {"side": 3}}, {"tiers": [[9]]}])
def test_a_draft_of_nonsense_does_no_harm(desk: Client, project: Project, draft: dict[str, Any]) -> None:
    assert send(desk, "hold-draft", hold_of(desk, project), draft).status_code == 200
    assert desk.get(reverse("desk", args=[project.slug])).status_code == 200


def test_skipping_takes_one_of_the_six_reasons(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project)
    skip = reverse("hold-skip", args=[hold.token])
    assert "Say why you skip" in desk.post(skip, {"reason": "dull"}, follow=True).content.decode()
    desk.post(skip, {"reason": "too_long"})
    hold.refresh_from_db()
    assert (hold.state, hold.skip_reason) == (HoldState.SKIPPED, "too_long")


def test_undo_brings_the_answer_back_onto_the_desk(desk: Client, project: Project) -> None:
    submit(desk, hold_of(desk, project), {"side": "b", "strength": "1", "comment": "on second thought"})
    assert "B is negligibly better" in page(desk, project)
    text = desk.post(reverse("undo", args=[project.slug]), follow=True).content.decode()
    assert 'id="side-b" checked' in text
    assert "on second thought" in text
    assert "Keep as it was" in text


def test_an_answer_taken_up_again_can_be_left_as_it_was(desk: Client, project: Project) -> None:
    submit(desk, hold_of(desk, project), {"side": "b", "strength": "1"})
    desk.post(reverse("undo", args=[project.slug]))
    again = Hold.objects.get(state=HoldState.OPEN)
    desk.post(reverse("hold-skip", args=[again.token]), {"reason": "other"})
    assert Annotation.objects.standing().get().label["strength"] == 1
    assert "All done for now" in page(desk, project)


def test_undo_with_nothing_to_take_back_says_so(desk: Client, project: Project) -> None:
    text = desk.post(reverse("undo", args=[project.slug]), follow=True).content.decode()
    assert "no answer that can still be taken back" in text


def test_an_undone_ranking_comes_back_in_its_tiers(desk: Client, project: Project) -> None:
    hold = hold_of(desk, project, Kind.RANK, 3)
    submit(desk, hold, {"place-1": "1", "place-0": "2", "place-2": "2"})
    desk.post(reverse("undo", args=[project.slug]))
    again = Hold.objects.get(state=HoldState.OPEN)
    submit(desk, again, {f"place-{shown}": place for shown, place in ((0, "2"), (1, "1"), (2, "2"))})
    first, second = Annotation.objects.order_by("pk")
    assert first.label == second.label


def test_nothing_left_is_said_with_what_was_done(desk: Client, project: Project) -> None:
    submit(desk, hold_of(desk, project), {"side": "tie"})
    text = page(desk, project)
    assert "All done for now" in text
    assert "You judged 1 item today" in text


def test_the_desk_is_for_annotators_of_the_project(client: Client, project: Project, stranger: User) -> None:
    client.force_login(stranger)
    assert client.get(reverse("desk", args=[project.slug])).status_code == 404


def test_html_of_a_model_is_shown_as_text(desk: Client, project: Project) -> None:
    make_round(project, 1)
    Completion.objects.update(
        text="<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://e.example/i.png)"
    )
    text = page(desk, project)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "javascript:" not in text.replace("[x](javascript:alert(1))", "")
    assert "<img" not in text


def test_the_text_carries_its_own_language(desk: Client, project: Project) -> None:
    make_round(project, 1)
    project.prompts.update(language="zh")
    assert page(desk, project).count('lang="zh"') >= 3


def test_an_empty_answer_says_that_it_is_empty(desk: Client, project: Project) -> None:
    make_round(project, 1)
    Completion.objects.update(text="")
    assert "(empty answer)" in page(desk, project)


def test_the_guidelines_stay_closed_for_who_closed_them(desk: Client, project: Project) -> None:
    make_round(project, 1)
    desk.cookies["guidelines"] = "off"
    assert 'aria-labelledby="g-h" hidden' in page(desk, project)


def test_history_shows_own_answers_only(desk: Client, project: Project, other_annotator: User) -> None:
    make_round(project, 2, overlap=2)
    for person, comment in ((other_annotator, "of somebody else"), (desk, "of my own")):
        if isinstance(person, User):
            hold = seats.next_hold(project=project, annotator=person)
            assert hold is not None
            seats.submit(token=hold.token, annotator=person, label={"tiers": [[0, 1]], "comment": comment})
        else:
            page(desk, project)
            submit(desk, Hold.objects.get(state=HoldState.OPEN), {"side": "tie", "comment": comment})
    text = desk.get(reverse("history", args=[project.slug])).content.decode()
    assert "of my own" in text
    assert "of somebody else" not in text
