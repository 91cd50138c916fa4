-- Comments on tickets, in the helpdesk's local time.
SELECT
  comment_no AS message_id,
  ticket_no AS ticket_id,
  written_local AT TIME ZONE 'Asia/Kolkata' AS sent_at,
  CASE by_staff WHEN 'Y' THEN 'agent' WHEN 'N' THEN 'customer' END AS author,
  body AS text,
  mood AS sentiment
FROM northlight.helpdesk_comment
