-- Product events. An event counts from the moment it reached the warehouse (known_at).
SELECT
  event_key AS event_id,
  acct_no AS account_id,
  user_uuid AS user_id,
  happened_ts AS occurred_at,
  split_part(feature_path, '/', 1) AS module,
  nullif(split_part(feature_path, '/', 2), '') AS feature,
  CASE via WHEN 0 THEN 'ui' WHEN 1 THEN 'api' END AS channel,
  hits AS count,
  ingested_ts AS known_at
FROM northlight.app_event
