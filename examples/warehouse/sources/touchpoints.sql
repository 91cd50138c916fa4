-- Contacts with the customer: the activities with a type code below 50.
SELECT
  activity_id AS touch_id,
  acct_no AS account_id,
  contact AS user_id,
  CASE type_code
    WHEN 10 THEN 'email' WHEN 11 THEN 'call' WHEN 12 THEN 'meeting' WHEN 13 THEN 'qbr' WHEN 14 THEN 'training'
    WHEN 15 THEN 'webinar' WHEN 16 THEN 'community' WHEN 17 THEN 'feedback' WHEN 18 THEN 'feature_request'
  END AS kind,
  CASE initiator WHEN 'U' THEN 'ours' WHEN 'T' THEN 'theirs' END AS direction,
  happened_ts AS occurred_at,
  due_date AS due_on,
  opened_ts AS opened_at,
  answered_ts AS responded_at,
  showed_up = 'Y' AS attended,
  subject AS reason
FROM northlight.crm_activity
WHERE type_code < 50
