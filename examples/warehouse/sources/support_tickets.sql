-- Tickets, joined with the CRM because the helpdesk numbers organisations itself. Its clock shows Indian time without
-- saying so. The first answer is stored as seconds after opening.
SELECT
  ticket.ticket_no AS ticket_id,
  account.acct_no AS account_id,
  ticket.requester AS user_id,
  ticket.opened_local AT TIME ZONE 'Asia/Kolkata' AS opened_at,
  (ticket.opened_local + ticket.first_reply_s * interval '1 second') AT TIME ZONE 'Asia/Kolkata' AS first_response_at,
  ticket.solved_local AT TIME ZONE 'Asia/Kolkata' AS closed_at,
  CASE ticket.prio WHEN 10 THEN 'low' WHEN 20 THEN 'normal' WHEN 30 THEN 'high' WHEN 40 THEN 'urgent' END AS priority,
  ticket.escalated_local AT TIME ZONE 'Asia/Kolkata' AS escalated_at,
  ticket.category AS topic,
  ticket.synced_local AT TIME ZONE 'Asia/Kolkata' AS known_at
FROM northlight.helpdesk_ticket AS ticket
JOIN northlight.crm_account AS account ON account.helpdesk_org = ticket.org
