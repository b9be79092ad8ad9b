"""Whether a run has what its recipe needs, said before it is queued."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from annotation.errors import Refused
from training.hyperparameters import RunKind
from training.models import Checkpoint, CheckpointRole, Run
from training.services import prompts

NEEDS: dict[RunKind, tuple[str, ...]] = {
    RunKind.ECHO: (),
    RunKind.REWARD: ("preference_set", "reference"),
    RunKind.DPO: ("preference_set", "policy", "reference"),
    RunKind.PPO: ("policy", "reference", "reward", "prompts"),
    RunKind.EVALUATE: ("policy", "prompts"),  # the policies are its rivals, the reward judges
    RunKind.SAMPLE: ("policies", "prompts"),
}
MAKES_POLICY = (RunKind.DPO, RunKind.PPO)


def check(run: Run, policies: Sequence[Checkpoint], parents: Sequence[Run]) -> None:
    """Raise Refused where an input is missing, of the wrong role or of another project.

    What a parent will publish counts as there: a reward run brings the reward, DPO and PPO a policy.
    """
    coming = {parent.kind for parent in parents}
    policy_comes = not coming.isdisjoint(MAKES_POLICY)
    there = {
        "preference_set": run.preference_set_id is not None,
        "policy": run.policy_id is not None or (run.kind == RunKind.EVALUATE and policy_comes),
        "reference": run.reference_id is not None,
        "reward": run.reward_id is not None or RunKind.REWARD in coming,
        "policies": bool(policies) or policy_comes,
        "prompts": bool(run.prompts),
    }
    for name in NEEDS[RunKind(run.kind)]:
        if not there[name]:
            raise Refused("missing_input", _("This kind of run needs: %(name)s") % {"name": name}, field=name)
    _check_project(run, parents)
    if run.prompts:
        prompts.check(run.prompts)
    for name, checkpoint, role in [
        ("policy", run.policy, CheckpointRole.POLICY),
        ("reference", run.reference, CheckpointRole.POLICY),
        ("reward", run.reward, CheckpointRole.REWARD),
        *(("policies", policy, CheckpointRole.POLICY) for policy in policies),
    ]:
        if checkpoint is not None:
            _check_checkpoint(run, name, checkpoint, role)


def _check_project(run: Run, parents: Sequence[Run]) -> None:
    if run.preference_set is not None and run.preference_set.project_id != run.project_id:
        raise Refused("other_project", _("The preference set is of another project."), field="preference_set")
    if any(parent.project_id != run.project_id for parent in parents):
        raise Refused("other_project", _("A parent is of another project."), field="parents")


def _check_checkpoint(run: Run, name: str, checkpoint: Checkpoint, role: CheckpointRole) -> None:
    if checkpoint.role != role:
        raise Refused("wrong_role", _("%(tag)s has another role.") % {"tag": checkpoint.tag}, field=name)
    if checkpoint.project_id not in (None, run.project_id):
        raise Refused(
            "other_project", _("%(tag)s is of another project.") % {"tag": checkpoint.tag}, field=name
        )
