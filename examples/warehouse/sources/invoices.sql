-- Invoices: dates are whole numbers such as 20260131, moments epoch seconds, amounts cents.
SELECT
  invoice.invoice_no AS invoice_id,
  account.acct_no AS account_id,
  to_date(invoice.issued::text, 'YYYYMMDD') AS issued_on,
  to_date(invoice.due::text, 'YYYYMMDD') AS due_on,
  invoice.gross_cents / 100.0 AS amount,
  to_timestamp(invoice.paid_epoch) AS paid_at,
  to_timestamp(invoice.failed_epoch) AS failed_at,
  to_timestamp(invoice.recovered_epoch) AS failure_resolved_at,
  to_timestamp(invoice.disputed_epoch) AS disputed_at,
  to_timestamp(invoice.settled_epoch) AS dispute_resolved_at,
  invoice.booked_ts AS known_at
FROM northlight.billing_invoice AS invoice
JOIN northlight.crm_account AS account USING (billing_customer)
