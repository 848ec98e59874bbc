import { expect } from 'chai';
import pg from 'pg';
import { dumpFailure, queryFailure } from '../../src/postgres/source-failure.js';

const AT = { source: 'main', phase: 'data', table: 'public.visits' };
const end = (sqlstate: string | null, exit: number | string = 1) =>
  ({ program: 'pg_dump', exit, ok: false, sqlstate }) as const;

describe('a source that fails during a backup', () => {
  it('is reported with source, phase, table, program, exit code and SQLSTATE', () => {
    const error = dumpFailure(AT, end('57P01'));
    expect(error).to.include({ code: 'DUMP_FAILED', retryable: true, exitCode: 1 });
    expect(error.message).to.equal(
      'The backup of "main" failed in phase "data", table public.visits (pg_dump exit 1, SQLSTATE 57P01).',
    );
    expect(error.hint).to.contain('tried again');
  });

  it('is refused, and not tried again, where only people can help', () => {
    for (const sqlstate of ['42501', '28P01', '3D000']) {
      const error = dumpFailure({ ...AT, table: null }, end(sqlstate));
      expect(error).to.include({ code: 'DUMP_REFUSED', retryable: false });
      expect(error.message).to.contain('phase "data" (pg_dump exit 1');
    }
  });

  it('leaves no gap in its sentences, whatever is unknown', () => {
    for (const error of [
      dumpFailure(AT, end(null, 'SIGKILL')),
      queryFailure(AT, new Error('MARKER')),
      queryFailure(AT, null),
    ]) {
      expect(error.message).to.contain('SQLSTATE unknown');
      for (const text of [error.message, error.hint])
        expect(text).to.not.match(/\{|\}|–|undefined|null|MARKER/);
    }
  });

  it('keeps the cause of a failed query for the log, and its text for nobody', () => {
    const cause = new pg.DatabaseError('a row with MARKER', 1, 'error');
    cause.code = '55P03';
    const error = queryFailure(AT, cause);
    expect(error.cause).to.equal(cause);
    expect(`${error.message} ${error.hint}`).to.contain('pg_locks').and.not.contain('MARKER');
  });
});
