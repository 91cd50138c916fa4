-- One user per account: the student.
SELECT
  id_student || '-' || code_module || '-' || code_presentation AS user_id,
  id_student || '-' || code_module || '-' || code_presentation AS account_id,
  'user' AS role,
  make_date(left(code_presentation, 4)::INT, CASE right(code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1)
    + least(coalesce(date_registration, 0), 0)::INT AS created_at
FROM read_csv('{data}/studentRegistration.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'})
