-- One account is one student in one presentation of one module.
SELECT
  id_student || '-' || code_module || '-' || code_presentation AS account_id,
  'Student ' || id_student || ' in ' || code_module || ' ' || code_presentation AS name,
  code_module AS segment,
  highest_education AS industry,
  region,
  'tutor-' || code_module AS owner_id,
  'CSM' AS owner_type,
  'Europe/London' AS timezone,
  least(
    make_date(left(code_presentation, 4)::INT, CASE right(code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1),
    make_date(left(code_presentation, 4)::INT, CASE right(code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1)
      + coalesce(registered.date_registration, 0)::INT
  ) AS created_on
FROM read_csv('{data}/studentInfo.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'}) AS student
LEFT JOIN read_csv('{data}/studentRegistration.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'}) AS registered
  USING (code_module, code_presentation, id_student)
