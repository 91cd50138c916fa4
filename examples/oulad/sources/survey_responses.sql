-- The score of an assessment is an outcome on a scale of 100. It is not an NPS.
SELECT
  handed_in.id_assessment || '-' || handed_in.id_student AS response_id,
  handed_in.id_student || '-' || task.code_module || '-' || task.code_presentation AS account_id,
  'outcome' AS kind,
  handed_in.score::DOUBLE AS score,
  100 AS scale_max,
  make_date(left(task.code_presentation, 4)::INT, CASE right(task.code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1)
    + handed_in.date_submitted AS answered_at
FROM read_csv('{data}/studentAssessment.csv.gz', nullstr = ['?', ''],
              types = {'id_student': 'VARCHAR', 'date_submitted': 'INT', 'score': 'DOUBLE'}) AS handed_in
JOIN read_csv('{data}/assessments.csv.gz', nullstr = ['?', '']) AS task USING (id_assessment)
WHERE handed_in.score IS NOT NULL
