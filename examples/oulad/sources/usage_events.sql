-- Clicks in the learning environment, summed by day and kind of page.
SELECT
  click.id_student || '-' || click.code_module || '-' || click.code_presentation AS account_id,
  click.id_student || '-' || click.code_module || '-' || click.code_presentation AS user_id,
  make_date(left(click.code_presentation, 4)::INT, CASE right(click.code_presentation, 1) WHEN 'B' THEN 2 ELSE 10 END, 1)
    + click.date::INT AS occurred_at,
  click.code_module AS module,
  page.activity_type AS feature,
  'ui' AS channel,
  sum(click.sum_click)::BIGINT AS count
FROM read_csv('{data}/studentVle.csv.gz', nullstr = ['?', ''], types = {'id_student': 'VARCHAR'}) AS click
LEFT JOIN read_csv('{data}/vle.csv.gz', nullstr = ['?', '']) AS page USING (id_site, code_module, code_presentation)
GROUP BY ALL
