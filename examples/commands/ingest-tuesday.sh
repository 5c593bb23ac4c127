python -m constructs_lib.runtime.ingestion.job \
  --spec out/readings.json --table readings --input examples/ingestion/tuesday.csv --catalog out/catalog \
  --curated out/curated --quarantine out/quarantine --manifest out/manifests/tuesday.json --run-id tuesday --publish true
