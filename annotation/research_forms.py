"""Forms of the researcher's pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from annotation.errors import Refused
from annotation.labels import Kind
from annotation.models import Criterion, Guidelines, Project, Role, RoundPurpose
from annotation.services.rules import check_rule
from annotation.widgets import PlainNumber

MAX_ITEMS = 20_000


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new project: a name and what is rated; the rest has defaults and its own page."""

    preset = forms.ChoiceField(
        label=_("What is rated"),
        choices=[
            ("assistant", _("Assistant: helpful, honest, harmless")),
            ("dialogue", _("Dialogue: helpful, coherent, harmless")),
            ("translation", _("Translation: accurate, fluent")),
            ("summary", _("Summary: faithful, complete, fluent")),
            ("code", _("Code: correct, readable")),
            ("none", _("Nothing yet: comparisons and rankings only")),
        ],
        help_text=_(
            "Criteria for ratings from 1 to 7. Comparisons and rankings need none. Can be changed later."
        ),
    )
    guidelines_en = forms.CharField(
        label=_("Guidelines in English"), required=False, max_length=100_000, widget=forms.Textarea
    )
    guidelines_zh = forms.CharField(
        label=_("Guidelines in Chinese"), required=False, max_length=100_000, widget=forms.Textarea
    )

    class Meta:
        model = Project
        fields = ["name", "slug", "description"]
        labels = {"name": _("Name"), "slug": _("Address"), "description": _("Description")}
        help_texts = {
            "slug": _("Letters, digits and hyphens: /projects/everyday-help/. Empty: made from the name.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["slug"].required = False
        self.fields["description"].widget.attrs["rows"] = 3

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "slug" in given and not given["slug"]:
            given["slug"] = slugify(given.get("name", ""))
            if not given["slug"]:
                self.add_error("slug", _("The name has no Latin letters: write an address."))
        return given


class ProjectSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """How people are screened and their labels weighed."""

    flags = forms.CharField(
        label=_("Flags"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. The desk offers them for each answer, such as: Unsafe advice."),
    )

    class Meta:
        model = Project
        fields = [
            "name", "description", "screening_required", "weighting", "read_backwards", "autopilot",
            "hold_minutes", "undo_seconds", "flags",
        ]  # fmt: skip
        labels = {
            "name": _("Name"),
            "description": _("Description"),
            "screening_required": _("Screening"),
            "weighting": _("Weighting"),
            "read_backwards": _("Read backwards"),
            "autopilot": _("Autopilot"),
            "hold_minutes": _("Minutes an item is held"),
            "undo_seconds": _("Seconds to undo"),
        }
        help_texts = {
            "hold_minutes": _("An item not answered in this time goes to somebody else; a draft stays.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.initial["flags"] = "\n".join(self.instance.flags)
        self.fields["description"].widget.attrs["rows"] = 3

    def clean_flags(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["flags"].splitlines()]
        unique = list(dict.fromkeys(name for name in names if name))
        if too_long := [name for name in unique if len(name) > 100]:
            raise forms.ValidationError(
                _("“%(name).40s…” is longer than 100 characters."), params={"name": too_long[0]}
            )
        return unique


RULES = {
    "combined": {"alpha": 0.003, "beta": 0.01, "least_items": 8, "cap": 60.0},
    "pairs": {"careful": 0.95, "doubtful": 0.80},
    "three_way": {"kappa": 0.6, "tau": 0.6, "alpha": 0.667},
}


class ScreeningForm(forms.Form):
    """The screening test. What equals a default is not stored: a better default reaches the project."""

    rule = forms.ChoiceField(
        label=_("How the test decides"),
        choices=[
            ("combined", _("Weigh evidence item by item, over comparisons, scores and rankings")),
            ("pairs", _("Comparisons alone, item by item (Wald’s test)")),
            ("three_way", _("Fixed length: kappa, tau and alpha must all reach a bar")),
        ],
        widget=forms.RadioSelect,
    )
    combined_alpha = forms.FloatField(
        label=_("Doubtful people let in, at most"),
        min_value=0.0001,
        max_value=0.2,
        help_text=_("Share of people who agree on about three of four clear pairs and should not pass."),
    )
    combined_beta = forms.FloatField(
        label=_("Careful people turned away, at most"),
        min_value=0.0001,
        max_value=0.2,
        help_text=_("Share of people who agree with the researchers on nearly every clear pair."),
    )
    combined_least_items = forms.IntegerField(
        label=_("Items before anything is decided"), min_value=1, max_value=100
    )
    combined_cap = forms.FloatField(
        label=_("Longest test, in comparisons"),
        min_value=5,
        max_value=500,
        help_text=_("A ranking counts as 3, a score as 0.7. At the end the balance of evidence decides."),
    )
    pairs_careful = forms.FloatField(label=_("Careful people agree on"), min_value=0.5, max_value=0.999)
    pairs_doubtful = forms.FloatField(label=_("Doubtful people agree on"), min_value=0.5, max_value=0.999)
    three_way_kappa = forms.FloatField(label=_("Kappa of comparisons"), min_value=0, max_value=1)
    three_way_tau = forms.FloatField(label=_("Tau of rankings"), min_value=0, max_value=1)
    three_way_alpha = forms.FloatField(label=_("Alpha of scores"), min_value=0, max_value=1)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.before = dict(project.screening_rule)
        now = self.before.get("rule", "combined")
        self.initial["rule"] = now
        for rule, defaults in RULES.items():
            own = self.before if rule == now else {}
            for name, value in defaults.items():
                if isinstance(value, float):
                    self.fields[f"{rule}_{name}"].widget = PlainNumber()
                self.initial[f"{rule}_{name}"] = own.get(name, value)

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """(rule, its fields), for the page."""
        return [(rule, [self[f"{rule}_{name}"] for name in defaults]) for rule, defaults in RULES.items()]

    def rule_values(self) -> dict[str, Any]:
        """What differs from the default rule; of the same rule, what was set elsewhere is kept."""
        rule = self.cleaned_data["rule"]
        same = rule == self.before.get("rule", "combined")
        kept = {name: value for name, value in self.before.items() if same and name not in RULES[rule]}
        given = {name: self.cleaned_data[f"{rule}_{name}"] for name in RULES[rule]}
        changed = {name: value for name, value in given.items() if value != RULES[rule][name]}
        return kept | changed | ({"rule": rule} if rule != "combined" else {})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                check_rule(self.rule_values())
            except Refused as refused:
                self.add_error(None, str(refused.message))
        return given


class CriterionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Criterion
        fields = [
            "name", "label_en", "label_zh", "low", "high", "step", "weight",
            "low_words_en", "high_words_en", "low_words_zh", "high_words_zh",
        ]  # fmt: skip
        labels = {
            "name": _("Key"),
            "label_en": _("English"),
            "label_zh": _("Chinese"),
            "low": _("From"),
            "high": _("To"),
            "step": _("Step"),
            "weight": _("Weight"),
            "low_words_en": _("Low end, English"),
            "high_words_en": _("High end, English"),
            "low_words_zh": _("Low end, Chinese"),
            "high_words_zh": _("High end, Chinese"),
        }

        help_texts = {"name": ""}
        widgets = dict.fromkeys(("low", "high", "step", "weight"), PlainNumber)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        low, high, step = given.get("low"), given.get("high"), given.get("step")
        if low is not None and high is not None and low >= high:
            self.add_error("high", _("The scale must end above where it begins."))
        if step is not None and step < 0:
            self.add_error("step", _("A step cannot be negative; 0 allows every number."))
        if given.get("weight") is not None and given["weight"] < 0:
            self.add_error("weight", _("A weight cannot be negative; 0 keeps it out of the mean."))
        return given


class _CriterionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def save_new(self, form: CriterionForm, commit: bool = True) -> Criterion:
        form.instance.position = self.initial_form_count() + len(self.new_objects)
        made: Criterion = super().save_new(form, commit=commit)
        return made


CriterionFormSet = inlineformset_factory(
    Project, Criterion, form=CriterionForm, formset=_CriterionFormSet, extra=1, can_delete=True
)


class ImportForm(forms.Form):
    """A file of items, or of preference pairs."""

    file = forms.FileField(label=_("File"), help_text=_("JSON Lines: one object a line, UTF-8."))
    layout = forms.ChoiceField(
        label=_("Layout"),
        choices=[
            ("items", _("Items: prompt, completions, labels")),
            ("pairs", _("Pairs: chosen and rejected (HH dialogues, TRL columns)")),
        ],
        widget=forms.RadioSelect,
        initial="items",
    )
    infer_criteria = forms.BooleanField(
        label=_("Add unknown criteria"),
        required=False,
        help_text=_(
            "Ratings on criteria the project does not have make new ones, with the range seen in the file."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["file"].widget.attrs["accept"] = ".jsonl,.ndjson,.json,application/x-ndjson"


class RoundForm(forms.Form):
    """What the next round asks: how many prompts, of which kinds, and of how many people."""

    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=[
            (RoundPurpose.LABEL.value, _("Labelling: annotators judge, training learns from it")),
            (
                RoundPurpose.CALIBRATION.value,
                _("Calibration: researchers judge; screening and hidden checks use it"),
            ),
        ],
        widget=forms.RadioSelect,
        initial=RoundPurpose.LABEL.value,
    )
    sources = forms.MultipleChoiceField(
        label=_("Sources"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who wrote the answers. None chosen: all."),
    )
    count = forms.IntegerField(label=_("Prompts"), min_value=1, max_value=MAX_ITEMS, initial=200)
    per_item = forms.IntegerField(
        label=_("Answers per item"),
        min_value=1,
        max_value=9,
        initial=4,
        help_text=_("For rankings and scores; a comparison has two."),
    )
    compare = forms.IntegerField(label=_("Compare"), min_value=0, max_value=100, initial=60)
    rank = forms.IntegerField(label=_("Rank"), min_value=0, max_value=100, initial=40)
    score = forms.IntegerField(label=_("Score"), min_value=0, max_value=100, initial=0)
    overlap = forms.IntegerField(
        label=_("Annotators per item"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=_("One label a prompt teaches most. A second one measures agreement."),
    )
    twice = forms.IntegerField(
        label=_("Items with one annotator more, %"),
        min_value=0,
        max_value=100,
        initial=10,
        help_text=_("Five to ten are enough to report agreement."),
    )
    check_rate = forms.FloatField(
        label=_("Hidden checks, %"),
        min_value=0,
        max_value=50,
        initial=5,
        help_text=_("Share of calibration items in each annotator’s work."),
    )
    seed = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, sources: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        field = self.fields["sources"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(sources)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not any(given.get(kind.value) for kind in Kind):
            self.add_error("compare", _("Give at least one kind a share."))
        return given


class GuidelinesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The next version in both languages, with what changed."""

    class Meta:
        model = Guidelines
        fields = ["body_en", "body_zh", "changes_en", "changes_zh", "retest"]
        labels = {
            "body_en": _("English"),
            "body_zh": _("Chinese"),
            "changes_en": _("What changed, in English"),
            "changes_zh": _("What changed, in Chinese"),
            "retest": _("Test again"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name in ("body_en", "body_zh"):
            self.fields[name].widget.attrs["rows"] = 22
        for name in ("changes_en", "changes_zh"):
            self.fields[name].widget.attrs["rows"] = 3

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not (given.get("body_en") or given.get("body_zh")):
            self.add_error("body_en", _("Write them in at least one language."))
        return given


class InvitationForm(forms.Form):
    """A one-time link. Only admins may hand out rights above an annotator's."""

    role = forms.ChoiceField(label=_("Role"))
    days = forms.IntegerField(label=_("Days until it runs out"), min_value=1, max_value=90, initial=14)
    note = forms.CharField(label=_("For whom"), max_length=200, required=False)

    def __init__(self, roles: Sequence[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]


class ReasonForm(forms.Form):
    """Why somebody is suspended or let back in."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
