"""A large book as `churn score` leaves it in a project: its scores, its names and owners, its tasks. Seedless: a row follows from its number."""

from __future__ import annotations

from pathlib import Path

AS_OF = "2026-11-23"
ACCOUNT, NAME = "acc-{}", "Copper Freight {} AG"
"""Of the account with a number; in keys it has seven digits."""
# Texts and columns of a scored demo; figures are drawn from a hash of the account's number.
_SCORES = """
SELECT format('acc-{:07d}', i) AS account_id, DATE '2026-11-23' AS as_of, $run AS run_id, '1' AS model_version,
  '2026.2' AS policy_version, 'lightgbm' AS scorer, p AS churn_probability, p AS lightgbm_probability,
  90 AS horizon_days, 14 AS gap_days, CASE WHEN p > 0.9 THEN 'high' WHEN p > 0.6 THEN 'medium' ELSE 'low' END AS risk_tier,
  h AS health_score, CASE WHEN h < 40 THEN 'red' WHEN h < 70 THEN 'yellow' ELSE 'green' END AS health_tier,
  round(0.5 + h / 200, 10) AS coverage, round(h * 0.4, 10) AS usage_score, round(100 - h * 0.2, 10) AS engagement_score,
  round(100 - h * 0.03, 10) AS sentiment_score, round(100 - h * 0.3, 10) AS commercial_score,
  CAST(500 + i % 9973 AS DOUBLE) AS arr, 'normal' AS evidence,
  format('Daily logins in four weeks fell to {}, from {} on average in the twelve weeks to 26 October 2026.', i % 30, i % 47)
    AS reason_1,
  CASE WHEN i % 3 = 0 THEN format('People who take part fell from {} to {} since 26 October 2026.', i % 53, i % 19) END
    AS reason_2,
  CAST(NULL AS VARCHAR) AS reason_3, CASE WHEN p > 0.6 THEN 'adoption rescue' END AS play,
  CAST($published AS TIMESTAMP) AS published_at, DATE '2026-12-01' AS expires_on
FROM (SELECT i, m / 1e6 AS p, round(100 - (m % 9000) / 97.0, 10) AS h FROM
  (SELECT i, CAST(hash(i) % 999000 AS BIGINT) + CASE WHEN $changed AND i % 10 = 3 THEN 7 ELSE 0 END AS m
   FROM range($rows) AS t(i)))
"""
_BOOK = """
SELECT format('acc-{:07d}', i) AS account_id, format('Copper Freight {} AG', i) AS name, 'smb' AS segment,
  format('csm-{:03d}', i % 400) AS owner_id, format('csm-{:03d}@example.com', i % 400) AS owner_email
FROM range($rows) AS t(i)
"""
_TASKS = """
SELECT format('acc-{:07d}|reopen the conversation:reach_out|2026-W48', i) AS task_key,
  format('acc-{:07d}', i) AS account_id, DATE '2026-11-23' AS as_of, $run AS run_id, 'reopen the conversation' AS play,
  'reach_out' AS step, 'Reach out: health went from yellow to red' AS subject,
  format('We noticed that people taking part fell from {} to {} since 26 October 2026, and wanted to check in.', i % 53, i % 19)
    || chr(10) || '1. Write to the sponsor with one concrete result they reached' || chr(10)
    || '2. Offer two dates for a call' AS body,
  coalesce($owner, format('csm-{:03d}', i % 400)) AS owner_id, TIMESTAMP '2026-12-02 12:15:59' AS due_at, 'high' AS priority
FROM range(0, $rows, 20) AS t(i)
"""


def write(state: Path, rows: int, run: str, *, changed: bool = False, owner: str | None = None) -> None:
    """The Parquet files of one run below `state`; `changed`: a tenth of the scores has another probability.

    `owner`: of all tasks; else one of four hundred.
    """
    import duckdb
    import pyarrow.parquet as pq

    published = "2026-11-30 12:15:59" if not changed else "2026-11-30 18:15:59"
    given = {"rows": rows, "run": run, "published": published, "changed": changed, "owner": owner}
    with duckdb.connect() as db:
        for what, select in (("book", _BOOK), ("tasks", _TASKS), ("scores", _SCORES)):
            path = state / what / f"as_of={AS_OF}" / f"{what}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            asked = {name: value for name, value in given.items() if f"${name}" in select}
            pq.write_table(db.execute(select, asked).to_arrow_table(), path)
