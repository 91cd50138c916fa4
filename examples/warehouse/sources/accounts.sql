-- CRM accounts. Codes become words, epoch seconds a date in UTC.
SELECT
  acct_no AS account_id,
  legal_name AS name,
  CASE tier WHEN 1 THEN 'smb' WHEN 2 THEN 'mid_market' WHEN 3 THEN 'enterprise' END AS segment,
  sector AS industry,
  CASE sales_region WHEN 'AP' THEN 'apac' WHEN 'EM' THEN 'emea' WHEN 'LA' THEN 'latam' WHEN 'NA' THEN 'north_america' END
    AS region,
  csm_code AS owner_id,
  csm_mail AS owner_email,
  csm_role AS owner_type,
  tz AS timezone,
  (to_timestamp(opened_epoch) AT TIME ZONE 'UTC')::date AS created_on,
  absorbed_by AS merged_into
FROM northlight.crm_account
