import { ROLES } from '@safekeep/shared/history/users';
import { expect } from 'chai';
import { routes } from '../src/routes.js';
import { auditTrail, expectProblem } from './expectations.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('roles', () => {
  let api: TestApi;
  const headers = new Map<string, { Authorization: string }>();
  before(async () => {
    api = await startTestApi();
    for (const role of ROLES) headers.set(role, await as(api, role));
  });
  after(() => api.close());

  for (const route of routes.filter((row) => row.role !== null)) {
    const name = `${route.method} ${route.path}`;
    const call = (header?: { Authorization: string }) => {
      const path = route.path.replace(':id', 'f3b7a0d2-6b3f-4a51-8f61-2d0e2f6f9b11');
      const method = route.method.toLowerCase() as Lowercase<typeof route.method>;
      return api.http[method](path).set(header ?? {});
    };
    for (const role of ROLES) {
      const may = ROLES.indexOf(role) >= ROLES.indexOf(route.role ?? 'viewer');
      it(`${role} ${may ? 'may' : 'may not'} ${name}`, async () => {
        const response = await call(headers.get(role));
        if (may) expect(response.status).to.not.be.oneOf([401, 403]);
        else expectProblem(response, 'ROLE_INSUFFICIENT');
      });
    }
    it(`nobody without a token may ${name}`, async () => {
      expectProblem(await call(), 'TOKEN_MISSING');
    });
  }

  it('leave their refusals in the audit trail', async () => {
    await api.http.post('/backup/full').set(headers.get('viewer') ?? {});
    const event = (await auditTrail(api.pool)).at(-1);
    expect(event).to.include({ actor: 'viewer', action: 'backup.request', result: 'refused' });
    expect(event?.address).to.equal('127.0.0.1');
    expect(event?.detail).to.deep.equal({ code: 'ROLE_INSUFFICIENT' });
  });
});
