-- What CSMs note: the activities with a type code of 90 and above.
SELECT
  activity_id AS feedback_id,
  acct_no AS account_id,
  CASE type_code
    WHEN 90 THEN 'task_outcome' WHEN 91 THEN 'driver_mark' WHEN 92 THEN 'override' WHEN 93 THEN 'sponsor_rating'
    WHEN 94 THEN 'holdout'
  END AS kind,
  detail AS value,
  subject AS reason,
  happened_ts AS recorded_at,
  valid_until AS expires_on,
  task_ref AS task_key
FROM northlight.crm_activity
WHERE type_code >= 90
