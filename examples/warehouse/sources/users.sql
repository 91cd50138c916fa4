-- The product's users; their ids are UUIDs, their roles an enum, their dates milliseconds.
SELECT
  user_uuid AS user_id,
  acct_no AS account_id,
  CASE persona
    WHEN 'ADVOCATE' THEN 'champion' WHEN 'BUYER' THEN 'sponsor' WHEN 'ADMINISTRATOR' THEN 'admin' WHEN 'MEMBER' THEN 'user'
  END AS role,
  dept AS department,
  to_timestamp(created_ms / 1000.0) AS created_at,
  to_timestamp(disabled_ms / 1000.0) AS deactivated_at,
  to_timestamp(bounced_ms / 1000.0) AS bounced_at
FROM northlight.app_user
