import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import type { OpenApiDocument, Operation } from '../src/openapi/document.js';
import { routes } from '../src/routes.js';
import { expectAnswer } from './expectations.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('GET /openapi.json', () => {
  let api: TestApi;
  let document: OpenApiDocument;
  before(async () => {
    api = await startTestApi();
    const response = await api.http.get('/openapi.json');
    expectAnswer(response, 'GET /openapi.json');
    document = response.body;
  });
  after(() => api.close());

  const operation = (method: string, path: string): Operation => {
    const found = document.paths[path]?.[method];
    expect(found, `${method} ${path}`).to.not.equal(undefined);
    return found as Operation;
  };

  it('is valid OpenAPI 3.1, and every reference leads somewhere', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document) as never);
    expect(result.errors ?? []).to.deep.equal([]);
    expect(result.valid).to.equal(true);
    expect(validator.version).to.equal('3.1');
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas, name).to.have.property(name ?? '');
    expect(JSON.stringify(document)).to.not.include('$defs');
  });

  it('describes every route of the table, each under a name of its own', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(described).to.have.members(routes.map((route) => `${route.method} ${route.path}`));
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map((one) => one.operationId),
    );
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('tells what a request may hold: defaults, limits, headers, and whether a body may be left out', () => {
    const history = operation('get', '/backup/history');
    const limit = history.parameters?.find((parameter) => parameter.name === 'limit');
    expect(limit).to.deep.include({ in: 'query', required: false });
    expect(limit?.schema).to.deep.equal({ type: 'integer', default: 50, minimum: 1, maximum: 1000 });
    const full = operation('post', '/backup/full');
    expect(full.parameters?.map(({ name, in: place }) => [place, name])).to.deep.equal([
      ['header', 'Idempotency-Key'],
    ]);
    expect(full.requestBody?.required).to.equal(false);
    expect(operation('post', '/auth/login').requestBody?.required).to.equal(true);
    expect(operation('get', '/backup/{id}').parameters?.[0]).to.deep.include({ in: 'path', required: true });
  });

  it('tells who may, and what every refusal can be', () => {
    expect(operation('get', '/health/live').security).to.deep.equal([]);
    const full = operation('post', '/backup/full');
    expect(full.security).to.deep.equal([{ bearer: [] }]);
    expect(full.description).to.include('role `operator`');
    expect(full.responses['503']?.description).to.equal('QUEUE_UNAVAILABLE, QUEUE_FULL, HISTORY_UNAVAILABLE');
    expect(full.responses['429']?.headers).to.have.property('Retry-After');
    expect(full.responses['202']?.content?.['application/json']?.schema).to.deep.equal({
      $ref: '#/components/schemas/Backup',
    });
    expect(operation('get', '/backup/history').responses['200']?.headers).to.have.property('X-Total-Count');
  });

  it('tells units and what null means, and what METRICS_TOKEN opens', () => {
    const { Backup, RecoveryTest } = document.components.schemas as Record<
      string,
      { properties: Record<string, { description?: string }> }
    >;
    expect(Backup?.properties.sizeBytes?.description).to.equal('Size of the backup file in bytes.');
    expect(RecoveryTest?.properties.rtoSeconds?.description).to.include('in seconds');
    expect(operation('get', '/backup/monitoring/metrics').security).to.deep.equal([{}, { metricsToken: [] }]);
    for (const { security } of Object.values(document.paths).flatMap((one) => Object.values(one)))
      for (const name of security.flatMap(Object.keys))
        expect(document.components.securitySchemes).to.have.property(name);
  });

  it('has examples that the API takes', () => {
    const bodies = routes.flatMap((route) => (route.request.body ? [route.request.body] : []));
    const examples = bodies.flatMap((body) => {
      const given = (body.meta()?.examples ?? []) as readonly unknown[];
      return given.map((example) => ({ example, result: body.safeParse(example) }));
    });
    expect(examples.length).to.be.at.least(4);
    for (const { example, result } of examples)
      expect(result.success, JSON.stringify(example)).to.equal(true);
    const login = operation('post', '/auth/login').requestBody?.content['application/json']?.schema;
    expect(login?.examples).to.deep.equal([{ username: 'admin', password: 'your password' }]);
  });

  it('gives times as text, as they travel', () => {
    const backup = document.components.schemas.Backup as { properties: Record<string, unknown> };
    expect(backup.properties.createdAt).to.deep.equal({ type: 'string', format: 'date-time' });
  });
});
