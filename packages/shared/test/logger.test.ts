import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { scratchFolder } from '../../../scripts/services/scratch-folder.js';
import { fail } from '../src/errors.js';
import { describeError } from '../src/logger.js';
import { emptyDatabase, postgresServer } from './servers.js';

const MARKER = 'MARKER-diagnosis';

/** All that an error can show, and all that is logged of it. */
function everything(error: unknown): string {
  const facts = error as Error & { detail?: string; where?: string };
  return [facts.message, facts.detail, facts.where, facts.stack, String(facts.cause)].join('\n');
}

function rejectionOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('what is logged of an error', () => {
  describe('of PostgreSQL', () => {
    let client: pg.Client;

    before(async () => {
      client = new pg.Client((await postgresServer()).url(await emptyDatabase()));
      await client.connect();
      await client.query(`
        CREATE TABLE patients (name text PRIMARY KEY, born date, CHECK (name <> 'nobody'));
        INSERT INTO patients VALUES ('${MARKER}', NULL)`);
    });
    after(() => client?.end());

    const failures: Record<string, [sql: string, sqlstate: string]> = {
      'a unique violation': [`INSERT INTO patients VALUES ('${MARKER}')`, '23505'],
      'a violated check': [`INSERT INTO patients VALUES ('nobody', '2000-01-01') -- ${MARKER}`, '23514'],
      'an invalid input': [`SELECT '${MARKER}'::integer`, '22P02'],
      'an invalid date': [`UPDATE patients SET born = '${MARKER}'`, '22007'],
      'an exception with lines of its own': [
        `DO $$ BEGIN RAISE EXCEPTION E'${MARKER}\\n    at ${MARKER}' USING DETAIL = '${MARKER}'; END $$`,
        'P0001',
      ],
    };
    for (const [name, [sql, sqlstate]] of Object.entries(failures)) {
      it(`(${name}) is its SQLSTATE and never a value`, async () => {
        const error = await client.query(sql).catch((reason: unknown) => reason);
        if (sqlstate !== '23514') expect(everything(error), 'the test tests something').to.contain(MARKER);
        expect(describeError(error).code).to.equal(sqlstate);
        const wrapped = fail('JOB_FAILED', { runId: '1' }, error);
        for (const facts of [describeError(error), describeError(wrapped)]) {
          expect(JSON.stringify(facts)).to.not.contain('MARKER');
        }
      });
    }

    it('that refuses a login is its SQLSTATE, without the URL and its password', async () => {
      const url = (await postgresServer()).url('postgres').replace(/:[^:@]*@/, `:${MARKER}@`);
      const refused = new pg.Client(url);
      const error = await refused.connect().catch((reason: unknown) => reason);
      expect(describeError(error).code).to.equal('28P01');
      expect(JSON.stringify(describeError(error)))
        .to.not.contain('MARKER')
        .and.not.contain('postgres://');
    });
  });

  const url = `redis://user:${MARKER}@host:6379`;
  const others: Record<string, unknown> = {
    'an error that quotes a URL': new Error(`connect failed: ${url}`),
    'a message with a line that looks like a place': new Error(`x\n    at ${url}`),
    'a message with a line that looks much like a place': new Error(
      `x\n    at ${url} (/a.js:1:2)\nat ${MARKER}`,
    ),
    'an error whose message was changed afterwards': Object.assign(new Error(`a\n at ${MARKER}`), {
      message: 'b',
    }),
    'an error without a stack': Object.assign(new Error(url), { stack: undefined }),
    'a stack that is all message': Object.assign(new Error(url), { stack: `Error: ${url}\nat ${MARKER}` }),
    'an error deep inside': fail('JOB_FAILED', { runId: '1' }, fail('DISK_FULL', {}, new TypeError(url))),
    'a text that was thrown': url,
    'an object that was thrown': { message: url, stack: `at ${MARKER}` },
    nothing: undefined,
  };
  for (const [name, error] of Object.entries(others)) {
    it(`(${name}) is its class and place, never its text`, () => {
      const text = JSON.stringify(describeError(error));
      expect(text).to.not.contain('MARKER').and.not.contain('://user');
    });
  }

  it('is class, code and place, so that it can be found', async () => {
    const facts = describeError(Object.assign(new RangeError('secret'), { code: 'ERANGE' }));
    expect(facts.code).to.equal('ERANGE');
    expect(facts.message).to.match(/^RangeError at .*logger\.test\.ts:\d+/);
    for (const error of [new Error(''), new Error('two\nlines'), new (class Odd extends Error {})('x')])
      expect(describeError(error).message).to.match(/^Error at .*logger\.test\.ts:\d+/);
    const folder = await scratchFolder('safekeep-folder');
    const system = rejectionOf(() => rmSync(folder));
    expect(describeError(system)).to.include({ code: 'ERR_FS_EISDIR' });
    expect(describeError(system).message)
      .to.match(/^SystemError at /)
      .and.not.contain('unknown place');
  });

  it('is everything of an error of the catalogue, with its cause', () => {
    const cause = Object.assign(new Error('secret'), { code: 'ENOSPC' });
    const facts = describeError(fail('DISK_FULL', {}, cause));
    expect(facts).to.include({ code: 'DISK_FULL' });
    expect(facts.hint).to.match(/^Make room/);
    expect(facts.cause?.code).to.equal('ENOSPC');
  });
});

describe('a log', () => {
  it('is one JSON document a line, on standard output and in the file, and shows no secret', async () => {
    const file = join(await scratchFolder('safekeep-log'), 'backup.log');
    const source = (name: string) =>
      JSON.stringify(fileURLToPath(new URL(`../src/${name}`, import.meta.url)));
    const script = `
      import { createLogger } from ${source('logger.ts')};
      import { Secret } from ${source('config/secret.ts')};
      const logger = createLogger({ service: 'worker', level: 'info', file: ${JSON.stringify(file)} });
      logger.info('a\\nb', { key: new Secret('${MARKER}'), deep: [{ key: new Secret('${MARKER}') }] });
      logger.debug('not asked for');`;
    const args = ['--import', 'tsx/esm', '--input-type=module', '-e', script];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
    expect(output.trimEnd().split('\n')).to.have.length(1);
    const line = JSON.parse(output);
    expect(line).to.deep.include({ level: 'info', service: 'worker', message: 'a\nb', key: '[redacted]' });
    expect(line.timestamp).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(readFileSync(file, 'utf8')).to.equal(output);
    expect(output).to.not.contain('MARKER');
  });
});
