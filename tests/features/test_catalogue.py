"""Every indicator of the catalogue, by name: declared in full, equal to the oracle, blind to the future."""

from __future__ import annotations

from datetime import date
from string import Formatter

import pandas as pd
import pytest

from data_contracts.sources import Facts
from features.catalogue import catalogue, feature_contract
from features.snapshots import Snapshots
from proof.oracle.table import EVIDENCE, INDICATORS
from tests.features.building import facts_of, features_of, frames_of
from tests.features.conftest import CUTS, FURTHER, Build, Comparison, Cut, cut_off
from tests.features.worlds import world

NAMES = sorted(catalogue())
SAID = {"moved", "before", "after", "since"}
LINE = ("known_loss", "tenure_days", "days_to_term_end", "arr", "seats", "term_days", "segment")


def columns_of(name: str) -> list[str]:
    return [name, *([f"{name}__before", f"{name}__after"] if name in EVIDENCE else [])]


def same_bytes(one: pd.Series, other: pd.Series) -> bool:
    return one.to_numpy("float64").tobytes() == other.to_numpy("float64").tobytes()


def test_the_oracle_knows_every_indicator_and_its_evidence() -> None:
    assert set(INDICATORS) == set(catalogue())
    assert set(EVIDENCE) == {name for name, i in catalogue().items() if i.before is not None}


def test_leaves_that_differ_never_share_a_column() -> None:
    found: dict[str, object] = {}
    for declared in catalogue().values():
        for expr in filter(None, (declared.expr, declared.before, declared.after)):
            for leaf in expr.leaves():
                assert repr(found.setdefault(leaf.name, leaf)) == repr(leaf), leaf.name


@pytest.mark.parametrize("name", NAMES)
def test_is_declared_in_full(name: str) -> None:
    declared = catalogue()[name]
    assert declared.doc.endswith(".")
    assert len(declared.doc) > 20
    assert declared.unit
    assert declared.risk or (declared.low, declared.high) != (None, None)
    assert (declared.before is None) == (declared.after is None)
    assert name in feature_contract(catalogue()).column_names


@pytest.mark.parametrize("name", NAMES)
def test_its_sentence_formats(name: str) -> None:
    says = catalogue()[name].says
    fields = {field for _, field, _, _ in Formatter().parse(says) if field}
    assert {"before", "after"} <= fields <= SAID
    text = says.format(moved="fell", before="12", after="7", since="4 May")
    assert "12" in text
    assert "7" in text
    assert "{" not in text


def is_the_oracles(name: str, comparison: Comparison) -> None:
    frame = comparison.frame
    for column in columns_of(name):
        for as_of, account, value in zip(frame["as_of"], frame["account_id"], frame[column], strict=True):
            expected = comparison.oracle[as_of, account][column]
            where = f"{column}, world {comparison.seed} {comparison.shape}, {account} at {as_of}"
            if expected is None:
                assert pd.isna(value), where
            else:
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), where


@pytest.mark.parametrize("name", NAMES)
def test_equals_the_oracle(name: str, comparisons: list[Comparison]) -> None:
    for comparison in comparisons:
        is_the_oracles(name, comparison)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_books_have_something_to_compare(
    name: str, comparisons: list[Comparison], further: dict[tuple[int, str], Comparison]
) -> None:
    values = pd.concat([c.frame[name] for c in (*comparisons, *further.values())]).dropna()
    few = {"first_value_reached", "auto_renews", "activated", "renewal_signed", "handed_over"}
    few |= {"key_people_silent", "weekly_users_silent"}
    assert values.nunique() >= (2 if name in few else 3)
    assert len(values) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_has_something_to_compare(name: str, comparisons: list[Comparison]) -> None:
    rare = {"mood_change_28d"}
    assert name in rare or pd.concat([c.frame[name] for c in comparisons]).notna().any()


def is_within_its_range(name: str, comparison: Comparison) -> None:
    declared, values = catalogue()[name], comparison.frame[name].dropna()
    assert declared.low is None or (values >= declared.low).all(), name
    assert declared.high is None or (values <= declared.high).all(), name


@pytest.mark.parametrize("name", NAMES)
def test_stays_within_its_range(name: str, comparisons: list[Comparison]) -> None:
    for comparison in comparisons:
        is_within_its_range(name, comparison)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_changes_nothing(name: str, shuffled: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, other = shuffled
    for column in columns_of(name):
        assert same_bytes(one[column], other[column])


def knows_nothing_of_the_future(name: str, cut: Cut) -> None:
    as_of, one, other = cut
    assert len(one) == len(other), as_of
    for column in columns_of(name):
        assert same_bytes(one[column], other[column]), f"{column} at {as_of}"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_at_or_after_as_of_changes_it(name: str, cut: list[Cut]) -> None:
    assert cut
    for one in cut:
        knows_nothing_of_the_future(name, one)


def is_the_oracles_cohort(comparison: Comparison) -> None:
    frame = comparison.frame
    assert list(zip(frame["as_of"], frame["account_id"], strict=True)) == sorted(comparison.oracle)
    for column in LINE:
        for as_of, account, value in zip(frame["as_of"], frame["account_id"], frame[column], strict=True):
            expected = comparison.oracle[as_of, account][column]
            assert (None if pd.isna(value) else value) == expected, f"{column}, {account} at {as_of}"


def test_the_cohort_equals_the_oracle(comparisons: list[Comparison]) -> None:
    for comparison in comparisons:
        is_the_oracles_cohort(comparison)


def is_a_cohort_that_knows_nothing_of_the_future(cut: Cut) -> None:
    _, one, other = cut
    mine = [c for c in one.columns if c.split("__")[0] not in catalogue()]
    pd.testing.assert_frame_equal(one[mine], other[mine], check_exact=True)
    assert one["segment"].nunique() > 1


def test_nothing_at_or_after_as_of_changes_the_cohort(cut: list[Cut]) -> None:
    for one in cut:
        is_a_cohort_that_knows_nothing_of_the_future(one)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "shape"), FURTHER)
def test_further_books_at_further_snapshots_hold_as_well(
    seed: int, shape: str, build: Build, asked_about: set[str], further: dict[tuple[int, str], Comparison]
) -> None:
    comparison = further[seed, shape]
    is_the_oracles_cohort(comparison)
    for name in asked_about:
        is_the_oracles(name, comparison)
        is_within_its_range(name, comparison)
    if seed in CUTS:
        cut = cut_off(build, comparison)
        is_a_cohort_that_knows_nothing_of_the_future(cut)
        for name in asked_about:
            knows_nothing_of_the_future(name, cut)


def test_an_absent_table_or_column_leaves_its_indicators_empty_and_not_zero() -> None:
    frames = frames_of(world(1))
    facts = facts_of({name: frames[name] for name in ("accounts", "subscriptions", "usage_events")})
    named = frozenset(set(frames["usage_events"].columns) - {"user_id", "feature"})
    facts = Facts(facts.tables, facts.covered, {"usage_events": named})
    frame = features_of(facts, Snapshots.of([date(2025, 6, 2)]))
    empty = {name for name in catalogue() if frame[name].isna().all()}
    assert {name for name, (tables, _) in INDICATORS.items() if set(tables) - {"usage_events"}} <= empty
    assert {"active_users_28d", "stickiness_28d", "features_used_28d", "core_use_change_28d"} <= empty
    assert not {"active_user_days_28d", "events_28d", "modules_used_28d", "arr_percentile", "tenure_days"} & empty
