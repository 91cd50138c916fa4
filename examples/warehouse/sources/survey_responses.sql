-- Survey answers; one form per kind of question.
SELECT
  answer_no AS response_id,
  acct_no AS account_id,
  respondent AS user_id,
  CASE form WHEN 1 THEN 'nps' WHEN 2 THEN 'csat' WHEN 3 THEN 'ces' WHEN 4 THEN 'outcome' END AS kind,
  points AS score,
  out_of AS scale_max,
  submitted_ts AS answered_at,
  remark AS comment,
  loaded_ts AS known_at
FROM northlight.survey_answer
