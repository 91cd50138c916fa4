"""The rows of the fault matrix that both tools can run, with the place in the rival's source that explains its answer."""

from __future__ import annotations

from benchmarks.rival import plays
from benchmarks.rival.drt import CURSOR
from benchmarks.rival.scene import Case

FILL_ONCE = {"scores": {"write_policy_overrides": {"owner_id": "fill_empty"}}}
SMALL = {"batch_size": 10}
TABLE, HTTP = "Postgres", "HTTP"

CASES = (
    Case(
        "kill -9 five times in a run, then a run to the end",
        TABLE,
        plays.killed_in_a_transaction,
        "One transaction a batch (`destinations/postgres.py`, `_load_upsert`); the snapshot becomes the new baseline only"
        " after a run without a failed row (`engine/sync.py`, `_run_sync_body`).",
        turns=2,
    ),
    Case(
        "kill -9 five times in a run, then a run to the end",
        HTTP,
        plays.killed_over_http,
        "The watermark is kept at the end of a run: everything is sent again, and the idempotency key"
        " (`native_idempotency_key`) keeps tasks single.",
        turns=2,
        ours=SMALL,
    ),
    Case("the same rows again", TABLE, plays.the_same_again, "`incremental_strategy: diff`."),
    Case("the same rows again", HTTP, plays.the_same_again, "`mode: incremental` by `as_of`."),
    Case(
        "ten accounts that come with a second run of the same date",
        HTTP,
        plays.accounts_scored_later,
        "`engine/resolver.py` reads `as_of > watermark`. `watermark.lag` would read, and send, the whole last date at"
        " every run; a cursor by the moment of publishing would read late rows, and older runs too.",
    ),
    Case("503 for seconds", HTTP, plays.out_of_order, "`destinations/retry.py`, `with_retry`.", ours=SMALL),
    Case(
        "answers lost after the commit; the endpoint knows a key again",
        HTTP,
        plays.answers_lost,
        "`with_retry` sends the same key again.",
        turns=3,
        ours=SMALL,
    ),
    Case(
        "answers lost after the commit; the endpoint knows no key",
        HTTP,
        plays.answers_lost_and_forgotten,
        "`with_retry` retries every `httpx.TransportError`. Neither tool can know better without a key;"
        " the tool that sends more rows a request doubles more.",
        turns=3,
        ours=SMALL,
    ),
    Case("429, Retry-After 3 s", HTTP, plays.told_to_wait, "`with_retry` waits for the longer of the two.", ours=SMALL),
    Case(
        "429, Retry-After 70 s (drt: `max_backoff` as it is by default)",
        HTTP,
        plays.told_to_wait_long,
        "`with_retry` sleeps `min(wait, max_backoff)`, by default 60 s; `max_backoff` can be set higher.",
        ours=SMALL,
    ),
    Case(
        "one row of 134 that the database refuses",
        TABLE,
        plays.one_row_refused,
        "A savepoint a row under `on_error: skip` (`_load_upsert`).",
    ),
    Case("one row of 134 answered with 400", HTTP, plays.one_row_refused, "A request a row; the failed one is queued."),
    Case(
        "one row of 134 answered with 500, always",
        HTTP,
        plays.one_row_breaks_the_server,
        "Retried, then queued (`state/dlq.py`).",
    ),
    Case(
        "207: one row of a batch not taken",
        HTTP,
        plays.one_row_of_a_207,
        "`destinations/rest_api.py`, `RestApiDestination`: “Batch mode treats every 2xx response as success. Per-item"
        " errors embedded in a 2xx body (including HTTP 207-style payloads returned as 2xx) are not inspected.”",
        drt={"batch": True},
    ),
    Case(
        "an older run after a newer one",
        TABLE,
        plays.older_after_newer,
        "With `cursor_field: as_of` older rows are not read; `incremental_strategy: diff` sends them as changes.",
        drt={"way": CURSOR},
    ),
    Case(
        "an older run after a newer one",
        TABLE,
        plays.older_after_newer,
        "`incremental_strategy: diff` compares with the last run's rows, not with their date.",
    ),
    Case(
        "a failed row's recovery after a newer run",
        HTTP,
        plays.failed_row_after_a_newer_run,
        "`cli/commands/retry.py`, `replay_dead_letters`: “Records replay verbatim”; the queue keeps a row until it is"
        " replayed, also when a newer run has written its key.",
    ),
    Case(
        "a person's edit of the owner, whom a later run changes",
        TABLE,
        plays.owner_edited,
        "`write_policy_overrides: {owner_id: fill_empty}` writes a column only where it is empty.",
        drt=FILL_ONCE,
    ),
    Case(
        "a person's edit of a tier, which a later run moves",
        TABLE,
        plays.tier_edited,
        "`fill_empty` would freeze a column that every run updates.",
        missing="it does not look for edits",
    ),
    Case(
        "two processes at once",
        TABLE,
        plays.two_at_once,
        "`sources/postgres.py`, `extract_snapshot_diff`: two runs of a sync race for one scratch table, and one fails"
        " loudly.",
        turns=5,
    ),
    Case(
        "two processes at once",
        HTTP,
        plays.two_at_once,
        "No lock; the endpoint's keys keep the state right.",
        turns=3,
        ours=SMALL,
    ),
    Case("NaN, inf, and text with everything in it", TABLE, plays.odd_values, "Sent as it is."),
    Case(
        "NaN, inf, and text with everything in it",
        HTTP,
        plays.odd_values,
        "`httpx` refuses to write a NaN as JSON; the row is queued.",
    ),
    Case(
        "the endpoint's secret in output and files",
        HTTP,
        plays.looked_for_the_secret,
        "`state/dlq.py` keeps the whole row, and says so; `destinations/row_errors.py` shows 200 characters of it.",
    ),
    Case("307 to another address", HTTP, plays.redirected, "`httpx.Client` does not follow redirects.", ours=SMALL),
    Case(
        "401 from the sixth request on, then a new key",
        HTTP,
        plays.key_revoked,
        "`on_error: skip` takes it for a fault of each row; `drt retry` sends them all.",
        ours=SMALL,
    ),
    Case(
        "scores of 105 companies, five with one of / # ? % & in their keys",
        "HubSpot",
        plays.companies_by_odd_keys,
        "`destinations/hubspot.py`, `load`: the key is put into the address as it is"
        ' (`f"{_url}/{id_value}?idProperty={config.id_property}"`); the 404s count as skipped (`skipped_no_match`).',
        drt={"scores": {"match_policy": "update_only"}},
    ),
    Case(
        "a company that HubSpot does not have, under `update_only`",
        "HubSpot",
        plays.a_company_that_is_not_there,
        "Counted as skipped (`skipped_no_match`).",
        drt={"scores": {"match_policy": "update_only"}},
    ),
)
