import type { ErrorCode } from '@safekeep/shared/errors';
import { expect } from 'chai';
import type { Test } from 'supertest';
import { expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('a request that is wrong', () => {
  let api: TestApi;
  let admin: { Authorization: string };
  before(async () => {
    api = await startTestApi();
    admin = await as(api, 'admin');
  });
  after(() => api.close());

  const get = (path: string) => api.http.get(path).set(admin);
  const post = (body: string, type = 'application/json') =>
    api.http.post('/backup/full').set(admin).set('Content-Type', type).send(body);
  const login = (body: object | string) =>
    api.http.post('/auth/login').set('Content-Type', 'application/json').send(body);

  const cases: Record<string, [code: ErrorCode, request: () => Test]> = {
    'an unknown path': ['ROUTE_UNKNOWN', () => get('/backups')],
    'an unknown path with a query': ['ROUTE_UNKNOWN', () => get('/?a=b')],
    'an unknown path and malformed JSON': [
      'ROUTE_UNKNOWN',
      () => api.http.post('/nowhere').set('Content-Type', 'application/json').send('{'),
    ],
    'a path that is not percent-encoded text': ['HTTP_INVALID', () => get('/backup/%E0%A4%A')],
    'an id that is no uuid': ['REQUEST_INVALID', () => get('/backup/1')],
    'an id that is SQL': ['REQUEST_INVALID', () => get(`/backup/${encodeURIComponent("' OR 1=1 --")}`)],
    'an id with a NUL': ['REQUEST_INVALID', () => get('/backup/%00')],
    'a negative limit': ['REQUEST_INVALID', () => get('/backup/history?limit=-1')],
    'a limit of zero': ['REQUEST_INVALID', () => get('/backup/history?limit=0')],
    'an empty limit': ['REQUEST_INVALID', () => get('/backup/history?limit=')],
    'a limit that is too high': ['REQUEST_INVALID', () => get('/backup/history?limit=1001')],
    'a limit that is a fraction': ['REQUEST_INVALID', () => get('/backup/history?limit=1.5')],
    'a limit that is a word': ['REQUEST_INVALID', () => get('/backup/history?limit=ten')],
    'an infinite limit': ['REQUEST_INVALID', () => get('/backup/history?limit=Infinity')],
    'a negative offset': ['REQUEST_INVALID', () => get('/backup/history?offset=-1')],
    'an offset beyond 64 bits': ['REQUEST_INVALID', () => get('/backup/history?offset=99999999999999999999')],
    'an unknown status': ['REQUEST_INVALID', () => get('/backup/history?status=done')],
    'an unknown type': ['REQUEST_INVALID', () => get('/backup/history?type=FULL')],
    'a source that cannot be one': ['REQUEST_INVALID', () => get('/backup/history?source=../etc')],
    'a source with a NUL': ['REQUEST_INVALID', () => get('/backup/history?source=%00')],
    'a parameter given twice': ['REQUEST_INVALID', () => get('/backup/history?limit=1&limit=2')],
    'a parameter given twice alike': ['REQUEST_INVALID', () => get('/backup/history?type=full&type=full')],
    'a parameter as an object': ['REQUEST_INVALID', () => get('/backup/history?limit[$gt]=1')],
    'an unknown parameter': ['REQUEST_INVALID', () => get('/backup/history?page=2')],
    'an unknown parameter named __proto__': ['REQUEST_INVALID', () => get('/backup/history?__proto__=2')],
    'a parameter where none is known': ['REQUEST_INVALID', () => get('/health/live?verbose=1')],
    'malformed JSON': ['BODY_MALFORMED', () => post('{"source":')],
    'a body of white space': ['BODY_MALFORMED', () => post('  ')],
    'JSON that is not an object': ['REQUEST_INVALID', () => post('"main"')],
    'JSON that is null': ['REQUEST_INVALID', () => post('null')],
    'JSON that is an array': ['REQUEST_INVALID', () => post('[]')],
    'an unknown field': ['REQUEST_INVALID', () => post('{"source":"main","url":"postgres://x"}')],
    'a field named __proto__': ['REQUEST_INVALID', () => post('{"__proto__":{"source":"main"}}')],
    'a source of another type': ['REQUEST_INVALID', () => post('{"source":["main"]}')],
    'a huge body': ['BODY_TOO_LARGE', () => post(JSON.stringify({ source: 'x'.repeat(102_400) }))],
    'a body of another type': ['CONTENT_TYPE_UNSUPPORTED', () => post('source=main', 'text/plain')],
    'a form': ['CONTENT_TYPE_UNSUPPORTED', () => post('source=main', 'application/x-www-form-urlencoded')],
    'a compressed body': ['CONTENT_TYPE_UNSUPPORTED', () => post('{}').set('Content-Encoding', 'gzip')],
    'a login without a body': ['REQUEST_INVALID', () => api.http.post('/auth/login')],
    'a login without a password': ['REQUEST_INVALID', () => login({ username: 'ada' })],
    'a login with a number for a name': ['REQUEST_INVALID', () => login({ username: 1, password: 'x' })],
    'a login with a NUL in the name': ['REQUEST_INVALID', () => login({ username: 'a\0', password: 'x' })],
    'a login with half a character': [
      'REQUEST_INVALID',
      () => login('{"username":"\\ud800","password":"x"}'),
    ],
    'a login with a password that is too long to hash': [
      'REQUEST_INVALID',
      () => login({ username: 'ada', password: 'x'.repeat(257) }),
    ],
    'a login with an unknown field': [
      'REQUEST_INVALID',
      () => login({ username: 'ada', password: 'x', role: 'admin' }),
    ],
  };
  for (const [name, [code, request]] of Object.entries(cases)) {
    it(`(${name}) is answered with ${code}`, async () => {
      expectProblem(await request(), code);
    });
  }

  it('is told which field is wrong, and no value comes back', async () => {
    const { body } = await get('/backup/history?status=hunter2&limit=x');
    expect(body.detail).to.include('query.limit').and.include('query.status').and.not.include('hunter2');
    const long = await get(`/backup/history?${'a'.repeat(5_000)}=1`);
    expect(long.body.detail).to.have.length.below(1_000);
  });

  it('in bytes that are not UTF-8 is malformed', async () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const headers = { ...admin, 'Content-Type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${api.port}/backup/full`, {
      method: 'POST',
      headers,
      body,
    });
    expect(await response.json()).to.include({ code: 'BODY_MALFORMED' });
  });

  const methods: [
    method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options',
    path: string,
    allow: string,
  ][] = [
    ['get', '/backup/full', 'POST'],
    ['get', '/auth/login', 'POST'],
    ['post', '/backup/history', 'GET, HEAD'],
    ['put', '/backup/history', 'GET, HEAD'],
    ['options', '/backup/history', 'GET, HEAD'],
    ['delete', '/backup/f3b7a0d2-6b3f-4a51-8f61-2d0e2f6f9b11', 'GET, HEAD'],
    ['patch', '/health/live', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of methods) {
    it(`(${method} ${path}) is told that the path takes ${allow}`, async () => {
      const response = await api.http[method](path).set(admin);
      expectProblem(response, 'METHOD_NOT_ALLOWED');
      expect(response.headers.allow).to.equal(allow);
    });
  }

  it('does no harm: the API still answers', async () => {
    expectAnswer(await get('/backup/history'), 'GET /backup/history');
    expect(api.log()).to.not.include('INTERNAL');
  });
});

describe('every answer', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  it('forbids browsers everything and says nothing about the server', async () => {
    for (const path of ['/health/live', '/nowhere']) {
      const { headers } = await api.http.get(path);
      expect(headers['content-security-policy']).to.include(`default-src 'none'`);
      expect(headers['x-content-type-options']).to.equal('nosniff');
      expect(headers['cache-control']).to.equal('no-store');
      expect(headers).to.not.have.any.keys('x-powered-by', 'server', 'etag');
    }
  });

  it('carries an id of its own, which the log names and the client cannot choose', async () => {
    const response = await api.http.get('/nowhere?secret=hunter2').set('X-Request-Id', 'mine');
    const id = response.headers['x-request-id'];
    expect(id).to.match(/^[0-9a-f-]{36}$/);
    const line =
      api
        .log()
        .split('\n')
        .find((text) => text.includes(id ?? '–')) ?? '';
    expect(JSON.parse(line)).to.include({
      method: 'GET',
      path: '/nowhere',
      status: 404,
      code: 'ROUTE_UNKNOWN',
    });
    expect(line).to.not.include('hunter2');
  });
});
