import { expect } from 'chai';
import pg from 'pg';
import { SafekeepError } from '../src/errors.js';
import { translateOutage } from '../src/history/outage.js';

const withCode = (code: string, more: object = {}) => Object.assign(new Error('x'), { code, ...more });

function fromServer(sqlstate: string): Error {
  const error = new pg.DatabaseError('x', 1, 'error');
  error.code = sqlstate;
  return error;
}

describe('an error of the history database', () => {
  const outages: Record<string, unknown> = {
    'a refused connection': withCode('ECONNREFUSED'),
    'an unknown host': withCode('ENOTFOUND'),
    'a missing socket file': withCode('ENOENT', { syscall: 'connect' }),
    'a server that shuts down': fromServer('57P01'),
    'a server that starts': fromServer('57P03'),
    'a refused password': fromServer('28P01'),
    'a database that does not exist': fromServer('3D000'),
    'a server without a free connection': fromServer('53300'),
    'a connection that died in a query': new Error('Connection terminated unexpectedly'),
    'a query without an answer': new Error('Query read timeout'),
  };
  for (const [name, error] of Object.entries(outages)) {
    it(`(${name}) means that history is unavailable, and keeps its cause`, () => {
      const translated = translateOutage(error);
      expect(translated)
        .to.be.instanceOf(SafekeepError)
        .and.include({ code: 'HISTORY_UNAVAILABLE', cause: error });
    });
  }

  it('(a missing table) means that nobody has made the tables yet', () => {
    const error = fromServer('42P01');
    expect(translateOutage(error)).to.include({ code: 'HISTORY_EMPTY', cause: error });
  });

  const others: Record<string, unknown> = {
    'a violated constraint': fromServer('23505'),
    'a missing column': fromServer('42703'),
    'a missing file': withCode('ENOENT', { syscall: 'open' }),
    'an error of the catalogue': new SafekeepError('QUEUE_UNAVAILABLE'),
    'something that is no error': null,
  };
  for (const [name, error] of Object.entries(others)) {
    it(`(${name}) stays what it is`, () => {
      expect(translateOutage(error)).to.equal(error);
    });
  }
});
