-- Clicks are delivered for some presentations only. Elsewhere usage is not available: null, never 0.
SELECT student.id_student || '-' || student.code_module || '-' || student.code_presentation AS account_id
FROM read_csv('{data}/studentInfo.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'}) AS student
WHERE (student.code_module, student.code_presentation) IN (
  SELECT DISTINCT (code_module, code_presentation) FROM read_csv('{data}/studentVle.csv.gz', nullstr = ['?', ''])
)
