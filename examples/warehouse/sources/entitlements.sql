-- What each account has bought: one path per feature, one range per period.
SELECT
  acct_no AS account_id,
  split_part(feature_path, '/', 1) AS module,
  split_part(feature_path, '/', 2) AS feature,
  CASE is_core WHEN 'Y' THEN 'core' WHEN 'N' THEN 'advanced' END AS level,
  lower(valid) AS starts_on,
  upper(valid) AS ends_on
FROM northlight.plan_feature
