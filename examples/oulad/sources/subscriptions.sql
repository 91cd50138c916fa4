-- The enrolment: from the later of presentation start and registration to the presentation's end as announced.
-- Unregistering is the decision; a student who unregistered at or before day 0 is a known loss before the first Monday.
WITH enrolment AS (
  SELECT
    *,
    make_date(left(code_presentation, 4)::INT, CASE right(code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1) AS begins
  FROM read_csv('{data}/studentRegistration.csv.gz', nullstr = ['?', ''],
                types = {'id_student': 'VARCHAR', 'date_registration': 'INT', 'date_unregistration': 'INT'}) AS registered
  JOIN read_csv('{data}/courses.csv.gz', nullstr = ['?', '']) AS course USING (code_module, code_presentation)
  JOIN (SELECT code_module, code_presentation, id_student, studied_credits
        FROM read_csv('{data}/studentInfo.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'})) AS student
    USING (code_module, code_presentation, id_student)
)
SELECT
  id_student || '-' || code_module || '-' || code_presentation AS subscription_id,
  id_student || '-' || code_module || '-' || code_presentation AS account_id,
  code_module AS product,
  begins + date_registration AS signed_at,
  begins + greatest(coalesce(date_registration, 0), 0) AS starts_on,
  begins + module_presentation_length::INT AS ends_on,
  studied_credits::DOUBLE AS arr,
  1 AS seats,
  begins + date_unregistration AS decision_at,
  CASE WHEN date_unregistration IS NOT NULL THEN 'voluntary' END AS decision_kind,
  begins + greatest(date_unregistration, coalesce(date_registration, 0), 0) AS effective_on
FROM enrolment
WHERE greatest(coalesce(date_registration, 0), 0) < module_presentation_length
