from dataclasses import replace

from serving.workbench.pages import AccountView, arr_at_risk, ranked
from serving.workbench.pages.ranking import places


def test_the_largest_arr_at_risk_comes_first_and_the_unscored_last(northwind: AccountView) -> None:
    def account(account_id: str, arr: float, probability: float | None) -> AccountView:
        return replace(northwind, account_id=account_id, arr=arr, probability=probability)

    book = [
        account("unscored-small", 1.0, None),
        account("unscored-large", 9e9, None),
        account("broken", 5.0, float("nan")),
        account("tie-b", 100.0, 0.5),
        account("tie-a", 500.0, 0.1),
        account("first", 60.0, 0.9),
        account("zero", 0.0, 0.9),
    ]
    assert [a.account_id for a in ranked(book)] == [
        "first", "tie-a", "tie-b", "zero", "unscored-large", "broken", "unscored-small",
    ]  # fmt: skip
    assert arr_at_risk(book[0]) is None
    assert arr_at_risk(book[5]) == 54.0


def test_previous_and_next_stay_in_the_owners_list(northwind: AccountView) -> None:
    a, b, c = (
        replace(northwind, account_id=key, owner=owner) for key, owner in (("a", "Dana"), ("b", None), ("c", "Dana"))
    )
    place = places([a, b, c])
    assert (place["a"].next, place["a"].previous) == (c, None)
    assert (place["b"].own_number, place["b"].own_of, place["b"].number, place["b"].of) == (1, 1, 2, 3)
    assert place["c"].previous == a
