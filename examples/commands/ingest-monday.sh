lakecheck contracts compile examples/ingestion/readings.odcs.yaml --no-config --output out/readings.json
python -m constructs_lib.runtime.ingestion.job \
  --spec out/readings.json --table readings --input examples/ingestion/monday.csv --catalog out/catalog \
  --curated out/curated --quarantine out/quarantine --manifest out/manifests/monday.json --run-id monday --publish true
