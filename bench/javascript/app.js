// The lake of bench/python_lake.py, written by hand: N Iceberg tables of 20 columns with three Lake Formation grants each, native
// resources only, 100 tables per stack. Usage: node app.js <tables> <output folder> <cdk.json>
'use strict';

const fs = require('fs');
const { App, CfnDeletionPolicy, Stack } = require('aws-cdk-lib');
const { CfnDatabase, CfnTable } = require('aws-cdk-lib/aws-glue');
const { CfnPrincipalPermissions } = require('aws-cdk-lib/aws-lakeformation');

const ACCOUNT = '444444444401';
const PER_STACK = 100;
const ROLES = ['Analyst', 'Engineer', 'Scientist'];
const [tables, outdir, cdkJson] = [Number(process.argv[2]), process.argv[3], process.argv[4]];

function columns() {
  return Array.from({ length: 20 }, (_, index) => ({
    id: index + 1, name: `column_${index}`, type: 'string', required: false, doc: `Column number ${index}`,
  }));
}

function addTable(stack, database, number) {
  const name = `table_${number}`;
  const table = new CfnTable(stack, `Table${number}`, {
    catalogId: ACCOUNT,
    databaseName: 'sales',
    name,
    openTableFormatInput: {
      icebergInput: {
        metadataOperation: 'CREATE',
        version: '2',
        icebergTableInput: {
          location: `s3://lake-curated/sales/bench/${name}/`,
          schema: { type: 'struct', fields: columns() },
          properties: {
            'write.parquet.compression-codec': 'zstd',
            'lake.domain': 'sales',
            'lake.product': 'bench',
            'lake.contract': 'bench',
            'lake.contract_version': '1.0.0',
            'lake.owner': 'bench@example.com',
            'lake.classification': 'internal',
          },
        },
      },
    },
  });
  table.addResourceDependency(database);
  table.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
  table.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  for (const role of ROLES) {
    const grant = new CfnPrincipalPermissions(stack, `Table${number}${role}`, {
      principal: { dataLakePrincipalIdentifier: `arn:aws:iam::${ACCOUNT}:role/${role}` },
      resource: { table: { catalogId: ACCOUNT, databaseName: 'sales', name } },
      permissions: ['SELECT', 'DESCRIBE'],
      permissionsWithGrantOption: [],
    });
    grant.addResourceDependency(table);
  }
}

const app = new App({ outdir, context: JSON.parse(fs.readFileSync(cdkJson, 'utf8')).context });
for (let first = 0; first < tables; first += PER_STACK) {
  const stack = new Stack(app, `Catalog${first / PER_STACK + 1}`, { env: { account: ACCOUNT, region: 'eu-west-1' } });
  const database = new CfnDatabase(stack, 'Database', { catalogId: ACCOUNT, databaseInput: { name: 'sales' } });
  for (let number = first; number < Math.min(first + PER_STACK, tables); number += 1) {
    addTable(stack, database, number);
  }
}
app.synth();
