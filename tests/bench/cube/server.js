// Cube over the tables of events, on a loopback address: the same rows, account and row policy as the api.
// The addresses, accounts and secrets come from the environment: see ../src/questions/cube/server.rs.

const { ApiGateway } = require('@cubejs-backend/api-gateway');
const { CubejsServerCore } = require('@cubejs-backend/server-core');
const { ClickHouseDriver } = require('@cubejs-backend/clickhouse-driver');
const express = require('express');

// The account of reports sees the rows of the tenant that the setting `log_comment` names.
class TenantDriver extends ClickHouseDriver {
  constructor(tenant) {
    super();
    this.config.clickhouseSettings.log_comment = tenant;
  }
}

// The SQL interface of Cube and its templates in YAML need a binary that is not on npm. No question of the bench
// uses them; everything else of this version is JavaScript.
class RestGateway extends ApiGateway {
  createSQLServerInstance() {
    return null;
  }
}

class RestServer extends CubejsServerCore {
  createApiGatewayInstance(...parts) {
    return new RestGateway(...parts);
  }

  createCompilerApi(...parts) {
    const compiler = super.createCompilerApi(...parts);
    compiler.nativeInstance = { newJinjaEngine: () => null };
    return compiler;
  }
}

const tenantOf = ({ securityContext }) => securityContext.tenant;

// Only rows of the tenant that the token names.
function ofTenant(query, context) {
  const [cube] = query.measures[0].split('.');
  const tenant = { member: `${cube}.tenant`, operator: 'equals', values: [tenantOf(context)] };
  return { ...query, filters: [...query.filters, tenant] };
}

// The path of the model is relative to the working folder.
process.chdir(__dirname);

const cube = new RestServer({
  dbType: 'clickhouse',
  schemaPath: 'model',
  contextToOrchestratorId: tenantOf,
  driverFactory: (context) => new TenantDriver(tenantOf(context)),
  queryRewrite: ofTenant,
  orchestratorOptions: {
    // An answer is complete, however long it takes: no client has to ask again.
    continueWaitTimeout: 90,
  },
});

const [host, port] = process.argv[2].split(':');
const app = express();
cube.initApp(app).then(() => app.listen(Number(port), host));
