-- Every assessment of the presentation is a task with a due date; submitting it reaches it.
-- Exams without an announced date have no due date.
WITH enrolment AS (
  SELECT
    id_student, code_module, code_presentation,
    make_date(left(code_presentation, 4)::INT, CASE right(code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1) AS begins
  FROM read_csv('{data}/studentInfo.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'})
)
SELECT
  enrolment.id_student || '-' || enrolment.code_module || '-' || enrolment.code_presentation AS account_id,
  task.assessment_type || ' ' || task.id_assessment AS milestone,
  'task' AS kind,
  enrolment.begins + task.date AS due_on,
  enrolment.begins + handed_in.date_submitted AS reached_at
FROM enrolment
JOIN read_csv('{data}/assessments.csv.gz', nullstr = ['?', ''], types = {'date': 'INT'}) AS task
  USING (code_module, code_presentation)
LEFT JOIN read_csv('{data}/studentAssessment.csv.gz', nullstr = ['?', ''],
                   types = {'id_student': 'VARCHAR', 'date_submitted': 'INT'}) AS handed_in
  ON handed_in.id_assessment = task.id_assessment AND handed_in.id_student = enrolment.id_student
