-- Contracts, joined with the CRM because billing knows customers by numbers of its own. A contract's last day still
-- belongs to it, so the term ends on the day after. Cents become money, months of notice become days.
SELECT
  contract.contract_ref AS subscription_id,
  account.acct_no AS account_id,
  contract.sku AS product,
  contract.signed_ts AS signed_at,
  contract.first_day AS starts_on,
  contract.last_day + 1 AS ends_on,
  contract.annual_cents / 100.0 AS arr,
  contract.licences AS seats,
  contract.list_cents / 100.0 AS list_arr,
  contract.renews = 'Y' AS auto_renew,
  contract.notice_months * 30 AS notice_days,
  contract.cancelled_ts AS decision_at,
  CASE contract.cancel_code
    WHEN 1 THEN 'voluntary' WHEN 2 THEN 'non_payment' WHEN 3 THEN 'acquired' WHEN 4 THEN 'contraction'
  END AS decision_kind,
  contract.leaves_on AS effective_on,
  contract.cancel_note AS reason
FROM northlight.billing_contract AS contract
JOIN northlight.crm_account AS account USING (billing_customer)
