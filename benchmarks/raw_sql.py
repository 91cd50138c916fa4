"""The core columns in SQL written by hand for DuckDB, with the engine's rules: whole weeks, nothing learned later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
WEEKS_BACK = 16  # the longest window ends 28 days before as_of and is 84 days long
MASK_BACK = 8


def core_sql(events: str, cohort: str, dates: Sequence[date]) -> str:
    """One SELECT: account_id, as_of and the core columns for every row of the cohort.

    `events` and `cohort` are FROM texts; the dates ascend, share a weekday and span at most 54 weeks.
    """
    days = [(d - EPOCH).days for d in dates]
    anchor = days[0] % 7
    first, last = ((d - anchor) // 7 for d in (days[0], days[-1]))
    start = dates[0] - timedelta(weeks=WEEKS_BACK)
    snapshots = ", ".join(f"({(d - anchor) // 7}, {d})" for d in days)
    return f"""
WITH grid(snapshot, as_of_day) AS (VALUES {snapshots}),
calendar AS (
  SELECT g.snapshot, g.snapshot - 1 - age AS week,
    (age < 4)::DOUBLE AS w0_4, (age < 1)::DOUBLE AS w0_1, (age BETWEEN 1 AND 4)::DOUBLE AS w1_5,
    (age BETWEEN 4 AND 15)::DOUBLE AS w4_16, (age < 12)::DOUBLE AS w0_12,
    CASE WHEN age < 12 THEN 11 - 2 * age ELSE 0 END::DOUBLE AS slope
  FROM grid g, range({WEEKS_BACK}) AS ages(age)
),
recent AS (
  SELECT account_id, coalesce(user_id, '') AS user_id, module, feature,
    coalesce(channel = 'api', false) AS api, coalesce("count", 1) AS events,
    occurred_at, known_at, occurred_at::DATE - DATE '1970-01-01' AS day,
    CASE WHEN known_at > occurred_at THEN known_at::DATE - DATE '1970-01-01' ELSE occurred_at::DATE - DATE '1970-01-01' END AS known_day
  FROM {events}
  WHERE occurred_at >= TIMESTAMP '{start}' AND occurred_at < TIMESTAMP '{dates[-1]}'
),
days_of_use AS MATERIALIZED (
  SELECT account_id, CASE WHEN NOT api THEN user_id END AS user_id, day, min(known_day) AS known_day,
    sum(CASE WHEN known_day <= day THEN events::DOUBLE END) AS in_time
  FROM recent GROUP BY ALL
),
feature_weeks AS MATERIALIZED (
  SELECT account_id, module, feature, late, bit_or(1::BIGINT << ({last - 1} - week)::INT) AS mask
  FROM (
    SELECT account_id, module, feature, (day - {anchor}) // 7 AS week,
      CASE WHEN known_day > day AND (known_day - {anchor}) // 7 > (day - {anchor}) // 7
        THEN (known_day - {anchor}) // 7 ELSE -1 END AS late
    FROM recent WHERE NOT api AND day BETWEEN {anchor + 7 * (first - MASK_BACK)} AND {anchor + 7 * last - 1}
  ) GROUP BY ALL
),
account_days AS MATERIALIZED (
  SELECT account_id, day, min(known_day) AS known_day FROM days_of_use WHERE user_id IS NOT NULL GROUP BY ALL
),
late AS (
  SELECT account_id, api, events, day, known_day FROM recent WHERE known_at > occurred_at AND known_day > day
),
weekly AS (
  SELECT account_id, (day - {anchor}) // 7 AS week, (known_day - {anchor}) // 7 AS learned,
    count(*) AS person_days, 0 AS days, 0 AS events, 0 AS api_events
  FROM days_of_use WHERE user_id IS NOT NULL GROUP BY ALL
  UNION ALL
  SELECT account_id, (day - {anchor}) // 7, (known_day - {anchor}) // 7, 0, count(*), 0, 0
  FROM account_days GROUP BY ALL
  UNION ALL
  SELECT account_id, (day - {anchor}) // 7 AS week, week AS learned, 0, 0, sum(in_time),
    coalesce(sum(in_time) FILTER (user_id IS NULL), 0)
  FROM days_of_use WHERE in_time IS NOT NULL GROUP BY ALL
  UNION ALL
  SELECT account_id, (day - {anchor}) // 7 AS week, (known_day - {anchor}) // 7 AS learned, 0, 0,
    sum(events), coalesce(sum(events) FILTER (api), 0)
  FROM late GROUP BY account_id, week, learned
),
facts AS (
  SELECT account_id, week, learned, sum(person_days)::DOUBLE AS person_days, sum(days)::DOUBLE AS days,
    sum(events)::DOUBLE AS events, sum(api_events)::DOUBLE AS api_events
  FROM weekly GROUP BY ALL
),
kernels AS (
  SELECT f.account_id, c.snapshot,
    sum(f.person_days * c.w0_4) AS ud28, sum(f.person_days * c.w0_1) AS ud7, sum(f.person_days * c.w1_5) AS ud28_7,
    sum(f.person_days * c.w4_16) AS ud84_28, sum(f.person_days * c.w0_12) AS ud84, sum(f.person_days * c.slope) AS slope,
    sum(f.days * c.w0_4) AS d28, sum(f.events * c.w0_4) AS e28, sum(f.events * c.w4_16) AS e84_28,
    sum(f.api_events * c.w0_4) AS api28
  FROM facts f JOIN calendar c USING (week) WHERE f.learned < c.snapshot GROUP BY ALL
),
unseen AS (
  SELECT DISTINCT account_id FROM {cohort} WHERE account_id NOT IN (
    SELECT account_id FROM account_days WHERE known_day < {days[0]})
),
last_days AS (
  SELECT account_id, max(day) AS day, max(known_day) AS known_day
  FROM account_days GROUP BY account_id, (day - {anchor}) // 7, (known_day - {anchor}) // 7
  UNION ALL
  SELECT account_id, max(occurred_at::DATE) - DATE '1970-01-01',
    greatest(any_value(late), max(occurred_at::DATE) - DATE '1970-01-01')
  FROM (
    SELECT account_id, occurred_at, CASE WHEN known_at > occurred_at THEN known_at::DATE - DATE '1970-01-01' END AS late
    FROM {events} WHERE occurred_at < TIMESTAMP '{start}' AND coalesce(channel, 'ui') <> 'api'
      AND account_id IN (SELECT account_id FROM unseen)
  ) GROUP BY account_id, late
),
last_use AS (
  SELECT account_id, snapshot, min(as_of_day - day) AS age
  FROM (
    SELECT account_id, day, known_day, min(known_day) OVER (
      PARTITION BY account_id ORDER BY day, known_day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS end_day
    FROM last_days
  ) s JOIN grid g ON s.known_day < g.as_of_day AND coalesce(s.end_day, 1000000) >= g.as_of_day
  GROUP BY ALL
),
persons_masks AS (
  SELECT account_id, user_id AS entity, late, bit_or(1::BIGINT << ({last - 1} - week)::INT) AS mask
  FROM (
    SELECT account_id, user_id, (day - {anchor}) // 7 AS week,
      CASE WHEN known_day > day AND (known_day - {anchor}) // 7 > (day - {anchor}) // 7
        THEN (known_day - {anchor}) // 7 ELSE -1 END AS late
    FROM days_of_use
    WHERE user_id IS NOT NULL AND day BETWEEN {anchor + 7 * (first - MASK_BACK)} AND {anchor + 7 * last - 1}
  ) GROUP BY ALL
),
{_regrouped("modules", "module")},
{_regrouped("features", "feature")},
{_masks("persons", last)},
{_masks("modules", last)},
{_masks("features", last)}
SELECT c.account_id, c.as_of,
  coalesce(ud28, 0)::DOUBLE AS active_user_days_28d,
  coalesce(ud7, 0)::DOUBLE AS active_user_days_7d,
  coalesce(ud28, 0)::DOUBLE / nullif(c.seats, 0) AS user_days_per_seat_28d,
  CASE WHEN coalesce(ud84_28, 0) >= 8 THEN ud28 / (ud84_28 / 3.0::DOUBLE) - 1 END AS login_change_28d,
  CASE WHEN coalesce(ud28_7, 0) >= 8 THEN ud7 / (ud28_7 / 4.0::DOUBLE) - 1 END AS login_change_7d,
  CASE WHEN coalesce(ud84, 0) >= 8 THEN (slope / 286.0::DOUBLE) / (ud84 / 12.0::DOUBLE) END AS usage_trend_84d,
  coalesce(d28, 0)::DOUBLE AS active_days_28d,
  coalesce(e28, 0)::DOUBLE AS events_28d,
  CASE WHEN coalesce(ud84_28, 0) >= 8 THEN e28 / (nullif(e84_28, 0) / 3.0::DOUBLE) - 1 END AS events_change_28d,
  u.age::DOUBLE AS days_since_last_use,
  coalesce(p.n4, 0)::DOUBLE AS active_users_28d,
  coalesce(p.n1, 0)::DOUBLE AS active_users_7d,
  CASE WHEN coalesce(ud84_28, 0) >= 8 THEN coalesce(p.n4, 0) / nullif(p.n4_4, 0)::DOUBLE - 1 END AS active_users_change_28d,
  coalesce(ud28, 0) / nullif(p.n4 * 28, 0)::DOUBLE AS stickiness_28d,
  coalesce(p.n4, 0)::DOUBLE / nullif(c.seats, 0) AS seat_utilisation_28d,
  coalesce(m.n4, 0)::DOUBLE AS modules_used_28d,
  coalesce(f.n4, 0)::DOUBLE AS features_used_28d,
  CASE WHEN coalesce(ud84_28, 0) >= 8 THEN coalesce(f.n4, 0) / nullif(f.n4_4, 0)::DOUBLE - 1 END AS features_used_change_28d,
  coalesce(api28, 0)::DOUBLE AS api_events_28d
FROM {cohort} c
LEFT JOIN kernels k ON k.account_id = c.account_id AND k.snapshot = c.snapshot
LEFT JOIN last_use u ON u.account_id = c.account_id AND u.snapshot = c.snapshot
LEFT JOIN persons p ON p.account_id = c.account_id AND p.snapshot = c.snapshot
LEFT JOIN modules m ON m.account_id = c.account_id AND m.snapshot = c.snapshot
LEFT JOIN features f ON f.account_id = c.account_id AND f.snapshot = c.snapshot
"""


def _regrouped(name: str, column: str) -> str:
    return f"""{name}_masks AS (
  SELECT account_id, {column} AS entity, late, bit_or(mask) AS mask
  FROM feature_weeks WHERE {column} IS NOT NULL GROUP BY ALL
)"""


def _masks(name: str, last: int) -> str:
    """Distinct entities of 4 weeks, of 1 week, and of the 4 weeks before: one bit per week, a mask until it changes."""
    return f"""{name}_held AS (
  SELECT account_id, late, bit_or(mask) OVER changes AS mask, lead(late, 1, 1000000) OVER changes AS until
  FROM {name}_masks WINDOW changes AS (PARTITION BY account_id, entity ORDER BY late)
),
{name} AS (
  SELECT account_id, snapshot, sum((mask & 15 <> 0)::INT) AS n4, sum((mask & 1 <> 0)::INT) AS n1,
    sum((mask & 240 <> 0)::INT) AS n4_4
  FROM (
    SELECT account_id, snapshot, (mask >> ({last} - snapshot)::INT) & 255 AS mask
    FROM {name}_held, grid WHERE late < snapshot AND snapshot <= until
  ) WHERE mask <> 0 GROUP BY ALL
)"""
