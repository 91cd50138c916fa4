-- Deals. Won and lost are letters; a deal without one is open.
SELECT
  deal_id AS opportunity_id,
  acct_no AS account_id,
  CASE pipeline WHEN 'NB' THEN 'new' WHEN 'RN' THEN 'renewal' WHEN 'UP' THEN 'expansion' WHEN 'WB' THEN 'win_back' END
    AS kind,
  CASE stage_no
    WHEN 10 THEN 'qualification' WHEN 20 THEN 'proposal' WHEN 30 THEN 'negotiation' WHEN 80 THEN 'closed_won'
    WHEN 90 THEN 'closed_lost'
  END AS stage,
  amount_cents / 100.0 AS amount,
  opened_ts AS created_at,
  closed_ts AS closed_at,
  outcome = 'W' AS won
FROM northlight.crm_deal
