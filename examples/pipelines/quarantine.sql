SELECT reason, count(*) AS rows, min(_source_file) AS for_example, min(_source_line) AS line
FROM travel_quarantine.routes
CROSS JOIN UNNEST(_reasons) AS reasons (reason)
WHERE _run_id = '0f3c2a52a7d94a0e8ad1c1d1f5a0c9b7'
GROUP BY reason
ORDER BY rows DESC;
