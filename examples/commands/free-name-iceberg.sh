aws glue get-table --database-name sales --name orders --output json \
  --query 'Table.{Name: Name, TableType: TableType, Parameters: {table_type: Parameters.table_type, metadata_location: Parameters.metadata_location}, StorageDescriptor: StorageDescriptor}' > orders.json
aws glue create-table --database-name sales_archive --table-input file://orders.json
aws glue delete-table --database-name sales --name orders
