aws glue get-table --database-name sales --name visits --output json \
  --query 'Table.{Name: Name, TableType: TableType, Parameters: Parameters, StorageDescriptor: StorageDescriptor, PartitionKeys: PartitionKeys}' > visits.json
aws glue get-partitions --database-name sales --table-name visits --output json \
  --query 'Partitions[].{Values: Values, StorageDescriptor: StorageDescriptor}' > visits-partitions.json
aws glue create-table --database-name sales_archive --table-input file://visits.json
aws glue batch-create-partition --database-name sales_archive --table-name visits --partition-input-list file://visits-partitions.json
aws glue delete-table --database-name sales --name visits
