import { problem } from '@safekeep/shared/contracts/problem';
import { ERRORS, type ErrorCode } from '@safekeep/shared/errors';
import { expect } from 'chai';
import type pg from 'pg';
import type { Response } from 'supertest';
import { problemCodes } from '../src/openapi/problems.js';
import type { Route } from '../src/route.js';
import { routes } from '../src/routes.js';

/** The answer is the problem document of this error, complete and not to be cached. */
export function expectProblem(response: Response, code: ErrorCode): void {
  expect(response.body.code, response.text).to.equal(code);
  expect(response.status).to.equal(ERRORS[code].httpStatus);
  expect(response.headers['content-type']).to.match(/^application\/problem\+json/);
  expect(response.headers['cache-control']).to.equal('no-store');
  const body = problem.parse(response.body);
  expect(body.status).to.equal(response.status);
  expect(body.type).to.equal(`urn:safekeep:error:${code}`);
  expect(body.instance).to.equal(`urn:uuid:${response.headers['x-request-id']}`);
  for (const text of [body.title, body.detail, body.hint]) expect(text).to.not.equal('');
  const route = routeOf(response);
  if (route !== undefined) expect(problemCodes(route), 'the codes of its OpenAPI document').to.include(code);
}

/** The row of the table behind an answer, `undefined` where the request reached none. */
function routeOf(response: Response): Route | undefined {
  // `supertest` keeps the request that was sent; its types do not tell.
  const { req } = response as unknown as { req: { method: string; path: string } };
  const [asked = ''] = req.path.split('?');
  // Paths are matched before methods: GET /backup/full is a wrong method, not the backup `full`.
  const path = routes.find((route) =>
    new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}$`).test(asked),
  )?.path;
  return routes.find((route) => route.path === path && route.method === req.method);
}

/** The answer is a success of this route and keeps its contract. */
export function expectAnswer(response: Response, name: `${'GET' | 'POST' | 'PATCH'} ${string}`): void {
  const route = routes.find((row) => `${row.method} ${row.path}` === name);
  expect(route, name).to.not.equal(undefined);
  expect(response.status, response.text).to.equal(route?.status);
  const [type = ''] = (response.headers['content-type'] ?? '').split(';');
  expect(type).to.be.oneOf([...(route?.produces ?? ['application/json'])]);
  for (const header of Object.keys(route?.answerHeaders ?? {}))
    expect(response.headers[header.toLowerCase()], header).to.be.a('string');
  const body = type === 'application/json' ? response.body : response.text;
  expect(route?.response.safeParse(body).error?.issues, response.text).to.equal(undefined);
}

export interface AuditRow {
  readonly actor: string;
  readonly address: string;
  readonly action: string;
  readonly target: string | null;
  readonly result: string;
  readonly detail: Record<string, unknown>;
}

/** The audit trail, oldest first. */
export async function auditTrail(pool: pg.Pool): Promise<AuditRow[]> {
  const { rows } = await pool.query<AuditRow>(
    'SELECT actor, address, action, target, result, detail FROM audit_events ORDER BY seq',
  );
  return rows;
}
