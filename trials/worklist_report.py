"""The section `worklist` of docs/results.md, written from the figures of every world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from policy.saving import SaveEffects

GOAL, ALLOWED = 0.85, 0.02
"""Share of the oracle's ARR to reach, and how much less than risk × ARR is allowed."""
DRAWS = 2_000
LISTS = {
    "ours": "**the work list**: ARR × (what acting takes off the probability)",
    "risk_arr": "probability × ARR, the same hours and the same solver",
    "risk_arr_sorted": "probability × ARR, taken from the top",
    "risk": "probability, taken from the top",
    "random": "at random",
}
CEILINGS = {
    "true_risk_arr": "true risk × ARR",
    "true_risk_our_effects": "true risk, our assumed effects",
    "our_risk_usual_of_true_cause": "our probability, and the true cause of every account with what usually helps against it",
    "true_risk_usual_of_true_cause": "true risk and true cause, with what usually helps",
    "our_risk_true_effects": "our probability, and the true effect on every single account",
}
PERTURBED = {
    "size": "each effect × U(0.5, 1.5)",
    "sign": "and a random one of them of the wrong sign",
    "literal": "the same, had the list believed the wrong sign (it does not)",
}


def mean_with_interval(values: Sequence[float]) -> str:
    """The mean over worlds with its 95 % bootstrap interval.

    >>> mean_with_interval([0.5, 0.5])
    '.500 [.500, .500]'
    """
    given = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(0).choice(given, (DRAWS, len(given))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{_share(float(given.mean()))} [{_share(float(low))}, {_share(float(high))}]"


def section(worlds: Sequence[Mapping[str, Any]], code: str, effects: SaveEffects, *, planned: int) -> str:
    """The whole section as Markdown; fewer worlds than `planned` are told as that."""
    sizes = sorted({w["accounts"] for w in worlds})
    return "\n".join(
        [
            "## The work list in simulated companies",
            "",
            f"By `python -m trials.worklist`, code {code}: {len(worlds)} worlds of {sizes[0]:,} to {sizes[-1]:,} accounts"
            f"{_of_planned(len(worlds), planned)}, drawn by a hash of the policy's save effects and of the code that is judged. In each a model is trained on the "
            "book as `churn train` would (snapshots a quarter apart, the ensemble), everybody is scored on the Monday the "
            "data end, and each list works within 5 % of the hours that the plays of everybody would take. What a list "
            "saves is counted in truth: ARR × (true 90-day risk − that risk with the account's true treatment effect). "
            "The oracle knows both, sleeping dogs included. Mean over worlds with 95 % interval, and the worst world.",
            "",
            _table("list", LISTS, [w["lists"] for w in worlds]),
            "",
            "Where every account takes as long, 5 % of the accounts:",
            "",
            _table("list", LISTS, [w["alike"] for w in worlds]),
            "",
            f"**Goals.** {_goals(worlds)}",
            "",
            "**What stands in the way.** Lists that know what nobody can:",
            "",
            _table("list", CEILINGS, [w["ceilings"] for w in worlds]),
            "",
            _reading(worlds),
            "",
            "**Other assumptions.** The effects assumed in the policy were frozen before anything was measured: "
            f"{', '.join(f'{group} {effect:g}' for group, effect in effects.priors.items())}. Twenty draws a world, without "
            "training anew; the difference is that to probability × ARR with the same solver.",
            "",
            _perturbed(worlds),
            "",
            "An assumed effect that says a play does harm is not believed (it counts as the median of the others), and "
            f"differences between groups count {_share(effects.prior_trust)} of what is assumed (`save_effects.prior_trust`). "
            "Both were chosen on worlds 901–905, which are not among these.",
        ]
    )


def _goals(worlds: Sequence[Mapping[str, Any]]) -> str:
    ours = [w["lists"]["ours"] for w in worlds]
    gaps = [w["lists"]["ours"] - w["lists"]["risk_arr"] for w in worlds]
    mean = float(np.mean(ours))
    reached = "reached" if mean >= GOAL else "**not reached**"
    below = sum(gap < -ALLOWED for gap in gaps)
    held = "held in every world" if not below else f"**missed in {below} of {len(gaps)} worlds**"
    return (
        f"At least {_share(GOAL)} of the oracle's ARR: {reached}, it is {_share(mean)}. Never less than probability × ARR "
        f"by more than {_share(ALLOWED)}: {held}; the smallest difference is {_signed(min(gaps))}, the mean "
        f"{_signed(float(np.mean(gaps)))}. {_under_wrong_assumptions(worlds)}"
    )


def _under_wrong_assumptions(worlds: Sequence[Mapping[str, Any]]) -> str:
    gaps = [
        value - w["lists"]["risk_arr"] for w in worlds for name in ("size", "sign") for value in w["perturbed"][name]
    ]
    worse = sum(gap < -ALLOWED for gap in gaps)
    held = "held in every draw" if not worse else f"**missed in {worse} of {len(gaps)} draws**"
    return f"Under the other assumptions below: {held}, by {_signed(min(gaps))} at worst."


def _of_planned(done: int, planned: int) -> str:
    """What there is to say of worlds that are still to be judged.

    >>> _of_planned(6, 20), _of_planned(20, 20)
    (' (the first 6 of 20 that are drawn; the command goes on where it stopped)', '')
    """
    told = f" (the first {done} of {planned} that are drawn; the command goes on where it stopped)"
    return told if done < planned else ""


def _reading(worlds: Sequence[Mapping[str, Any]]) -> str:
    def mean(name: str) -> str:
        return _share(float(np.mean([w["ceilings"][name] for w in worlds])))

    return (
        f"A perfect probability would bring {mean('true_risk_arr')}: most of what is missing is not the probability. The oracle "
        "knows, of every single account, whether acting helps, does nothing (no cause, an acquisition, a silent decision) or "
        f"drives it away. Even who knew the true risk and the true cause would reach {mean('true_risk_usual_of_true_cause')}, "
        "because how a single account takes to being called, and who is driven away by it, shows in no table."
    )


def _perturbed(worlds: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        "| assumptions | share of the oracle | mean difference | smallest | worse by more than .02 |",
        "|---|---|---|---|---|",
    ]
    for name, words in PERTURBED.items():
        shares = [float(np.mean(w["perturbed"][name])) for w in worlds]
        gaps = [value - w["lists"]["risk_arr"] for w in worlds for value in w["perturbed"][name]]
        worse = sum(gap < -ALLOWED for gap in gaps)
        rows.append(
            f"| {words} | {mean_with_interval(shares)} | {_signed(float(np.mean(gaps)))} | {_signed(min(gaps))} "
            f"| {worse} of {len(gaps)} |"
        )
    return "\n".join(rows)


def _table(head: str, names: Mapping[str, str], found: Sequence[Mapping[str, float]]) -> str:
    rows = [f"| {head} | share of the oracle's ARR | worst world |", "|---|---|---|"]
    for name, words in names.items():
        values = [one[name] for one in found]
        rows.append(f"| {words} | {mean_with_interval(values)} | {_share(min(values))} |")
    return "\n".join(rows)


def _share(value: float) -> str:
    """A share to three places without its leading 0.

    >>> _share(0.85), _share(-0.076), _share(1.0)
    ('.850', '-.076', '1.000')
    """
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "") + _share(value)
