import { expect } from 'chai';
import { curlCommand } from '../src/docs/curl.js';
import { fieldsOf } from '../src/docs/fields.js';
import type { Operation } from '../src/openapi/document.js';
import { routes } from '../src/routes.js';
import { expectOwnPage } from './browser.js';
import { expectAnswer } from './expectations.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('GET /docs', () => {
  let api: TestApi;
  let text: string;
  before(async () => {
    api = await startTestApi();
    const response = await api.http.get('/docs');
    expectAnswer(response, 'GET /docs');
    // The one address on it is the reader's own, in the commands.
    expectOwnPage({
      ...response,
      text: response.text.replaceAll('http://127.0.0.1:3000', ''),
    } as typeof response);
    text = response.text;
  });
  after(() => api.close());

  it('shows every route with its summary, its role and a command', () => {
    for (const route of routes) {
      expect(text).to.include(`<code>${route.path.replace(/:(\w+)/g, '{$1}')}</code>`);
      expect(text, route.path).to.include(route.summary.replaceAll("'", '&#39;'));
    }
    expect(text).to.include('<span class="role">operator</span>');
    expect(text).to.include('curl -s -X POST &quot;$API/backup/full&quot;');
  });

  it('has each anchor that it links to, once', () => {
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).to.include(target);
  });

  it('runs no script and has no markup that was not meant', () => {
    expect(text).to.not.match(/<script|javascript:|undefined|\[object/);
  });
});

describe('a documented command', () => {
  const operation: Operation = {
    operationId: 'x',
    tags: [],
    summary: '',
    description: '',
    security: [{ bearer: [] }],
    responses: {},
  };

  it('sends what is needed and nothing else', () => {
    expect(curlCommand('get', '/a/{id}', { ...operation, security: [] })).to.equal('curl -s "$API/a/$ID"');
    const schema = {
      type: 'object',
      required: ['targetDatabase', 'kind'],
      properties: {
        targetDatabase: { type: 'string' },
        kind: { enum: ['a', 'b'] },
        note: { type: 'string' },
      },
    };
    const requestBody = { required: true, content: { 'application/json': { schema } } };
    expect(curlCommand('post', '/a', { ...operation, requestBody })).to.equal(
      [
        'curl -s -X POST "$API/a"',
        '-H "Authorization: Bearer $TOKEN"',
        `-H 'Content-Type: application/json'`,
        `-d '{"targetDatabase":"your targetDatabase","kind":"a"}'`,
      ].join(' \\\n  '),
    );
    const optional = { ...requestBody, required: false };
    expect(curlCommand('post', '/a', { ...operation, requestBody: optional })).to.not.include('-d');
  });
});

describe('a documented schema', () => {
  it('is told field by field, also what is inside', () => {
    const fields = fieldsOf({
      type: 'object',
      required: ['rows'],
      properties: {
        rows: {
          type: 'array',
          items: { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } },
        },
        limit: { type: 'integer', minimum: 1, maximum: 10, default: 5 },
        error: { anyOf: [{ type: 'object', properties: { code: { type: 'string' } } }, { type: 'null' }] },
        backup: { $ref: '#/components/schemas/Backup' },
        name: { type: ['string', 'null'] },
      },
    });
    expect(
      fields.map(({ name, type, required, description }) => [name, type.text, required, description]),
    ).to.deep.equal([
      ['rows', 'array of object', true, ''],
      ['rows[].id', 'uuid', false, ''],
      ['limit', 'integer 1 to 10', false, 'Default: `5`.'],
      ['error', 'object or null', false, ''],
      ['error.code', 'string', false, ''],
      ['backup', 'Backup', false, ''],
      ['name', 'string or null', false, ''],
    ]);
  });
});
