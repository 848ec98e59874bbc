import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import type { Test } from 'supertest';
import type { Route } from '../../src/route.js';
import { routes } from '../../src/routes.js';
import { auditTrail, expectAnswer, expectProblem } from '../expectations.js';
import { addUser, bearer } from '../people.js';
import { startTestApi, type TestApi } from '../test-api.js';
import { type Known, validRequests, writeKnown } from './valid-requests.js';
import { type WrongRequest, wrongRequests } from './wrong-requests.js';

/** What a request may change. Throttles and the audit trail count refusals, too. */
const TABLES = [
  ...['backups', 'verifications', 'recovery_tests', 'restores', 'cleanup_runs', 'reports', 'notifications'],
  ...['runs', 'alerts', 'schedules', 'due_runs', 'disposals', 'users'],
];

describe('every route', () => {
  let api: TestApi;
  let known: Known;
  before(async () => {
    api = await startTestApi({ channels: { slack: { url: new Secret('https://hooks.example/x') } } });
    known = await writeKnown(api);
    await addUser(api, 'somebody', 'viewer');
  });
  after(() => api.close());

  /** All rows of history that requests are about, as one text a table. */
  async function content(): Promise<Record<string, string>> {
    const texts = TABLES.map(async (table) => {
      const { rows } = await api.pool.query(
        `SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS text FROM ${table} t`,
      );
      return [table, rows[0].text] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  }

  function send(
    route: Route,
    header: { Authorization: string } | undefined,
    wrong: Partial<WrongRequest> = {},
  ): Test {
    const valid = validRequests[nameOf(route)];
    const param = wrong.param ?? valid?.param?.(known) ?? '';
    const path = route.path.replace(/:\w+/, param) + (wrong.query === undefined ? '' : `?${wrong.query}`);
    const request = api.http[route.method.toLowerCase() as 'get' | 'post' | 'patch'](path).set(header ?? {});
    if (wrong.text !== undefined) {
      return request.set('Content-Type', wrong.contentType ?? '').send(wrong.text);
    }
    return route.request.body === undefined
      ? request
      : request.send({ ...valid?.body?.(known), ...wrong.field });
  }

  it('has a row here, and no row is of a route that is gone', () => {
    expect(Object.keys(validRequests)).to.have.members(routes.map(nameOf));
  });

  for (const [at, route] of routes.entries()) {
    it(`${nameOf(route)} succeeds, and does nothing for a request that is wrong in any way`, async () => {
      const user = await addUser(api, `user${at}`, route.role ?? 'viewer');
      const header = route.role === null ? undefined : bearer(api, user);
      expectAnswer(await send(route, header), nameOf(route));
      const before = await content();
      const audited = (await auditTrail(api.pool)).length;
      const wrongs = wrongRequests(route);
      const refuse = async (wrong: WrongRequest) => {
        const answer = await send(route, header, wrong);
        expect(answer.body.code, `${wrong.what}: ${answer.text}`).to.equal(wrong.code);
        expectProblem(answer, wrong.code);
      };
      await Promise.all(wrongs.map(refuse));
      expect(await content()).to.deep.equal(before);
      const refusals = (await auditTrail(api.pool)).slice(audited);
      expect(refusals.every(({ result }) => result === 'refused')).to.equal(true);
      expect(refusals).to.have.length(route.audit === null ? 0 : wrongs.length);
    });
  }

  it('refuses without noise: nothing of it is an error of the API', () => {
    expect(api.log()).to.not.include('"level":"error"');
  });
});

function nameOf(route: Route): `${Route['method']} ${string}` {
  return `${route.method} ${route.path}`;
}
