-- Steps of the onboarding plan: the activities with a type code of 50 to 59. `happened_ts` is when a step was reached.
SELECT
  acct_no AS account_id,
  subject AS milestone,
  CASE type_code
    WHEN 50 THEN 'key_action' WHEN 51 THEN 'first_value' WHEN 52 THEN 'task' WHEN 53 THEN 'goal' WHEN 54 THEN 'handoff'
  END AS kind,
  due_date AS due_on,
  happened_ts AS reached_at
FROM northlight.crm_activity
WHERE type_code BETWEEN 50 AND 59
