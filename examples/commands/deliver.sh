aws s3api put-object --bucket landing-bucket --key travel/routes/routes/2026-11-22.csv --body routes.csv
