// The lake of bench/python_lake.py, written by hand: N Iceberg tables of 20 columns with three Lake Formation grants each, native
// resources only, 100 tables per stack. Usage: node app.js <tables> <output folder> <cdk.json>
//
// It could be deployed as it is: the database is made once, before the tables, and the grants of a stack are chained in four lanes, those
// of a table in one of them. Lake Formation refuses grants on one catalog object that are made at the same time.
'use strict';

const fs = require('fs');
const { App, CfnDeletionPolicy, Stack } = require('aws-cdk-lib');
const { CfnDatabase, CfnTable } = require('aws-cdk-lib/aws-glue');
const { CfnPrincipalPermissions } = require('aws-cdk-lib/aws-lakeformation');

const ACCOUNT = '444444444401';
const PER_STACK = 100;
const LANES = 4;
const ROLES = ['Analyst', 'Engineer', 'Scientist'];
const [tables, outdir, cdkJson] = [Number(process.argv[2]), process.argv[3], process.argv[4]];

function columns() {
  return Array.from({ length: 20 }, (_, index) => ({
    id: index + 1, name: `column_${index}`, type: 'string', required: false, doc: `Column number ${index}`,
  }));
}

function addTable(stack, lanes, number) {
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
  table.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
  table.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  const lane = number % LANES;
  for (const role of ROLES) {
    const grant = new CfnPrincipalPermissions(stack, `Table${number}${role}`, {
      principal: { dataLakePrincipalIdentifier: `arn:aws:iam::${ACCOUNT}:role/${role}` },
      resource: { table: { catalogId: ACCOUNT, databaseName: 'sales', name } },
      permissions: ['SELECT', 'DESCRIBE'],
      permissionsWithGrantOption: [],
    });
    grant.addResourceDependency(table);
    if (lanes[lane]) grant.addResourceDependency(lanes[lane]);
    lanes[lane] = grant;
  }
}

const app = new App({ outdir, context: JSON.parse(fs.readFileSync(cdkJson, 'utf8')).context });
const env = { account: ACCOUNT, region: 'eu-west-1' };
const base = new Stack(app, 'Base', { env });
const database = new CfnDatabase(base, 'Database', { catalogId: ACCOUNT, databaseInput: { name: 'sales' } });
database.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
database.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
for (let first = 0; first < tables; first += PER_STACK) {
  const stack = new Stack(app, `Catalog${first / PER_STACK + 1}`, { env });
  stack.addStackDependency(base);
  const lanes = [];
  for (let number = first; number < Math.min(first + PER_STACK, tables); number += 1) {
    addTable(stack, lanes, number);
  }
}
app.synth();
