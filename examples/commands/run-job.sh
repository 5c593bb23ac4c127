python -m constructs_lib.runtime.ingestion.job \
  --spec routes.json --input delivered/ --curated out/curated --quarantine out/quarantine \
  --manifest out/manifests/run-1.json --run-id run-1 --publish false
