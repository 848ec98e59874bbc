import { expect } from 'chai';
import { Secret } from '../../src/config/secret.js';
import { protectionOf } from '../../src/config/transport.js';

describe('the protection of a connection', () => {
  const cases: [string, string][] = [
    ['postgres://u:p@db.example/history?sslmode=verify-full', 'verified'],
    ['postgres://u:p@db.example/history?sslmode=verify-ca', 'encrypted'],
    ['postgres://u:p@db.example/history?sslmode=require', 'encrypted'],
    ['postgres://u:p@db.example/history?sslmode=prefer', 'plain'],
    ['postgres://u:p@db.example/history?sslmode=disable', 'plain'],
    ['postgres://u:p@db.example/history', 'plain'],
    ['postgres://u:p@localhost/history', 'local'],
    ['postgres://u:p@127.0.0.1:5433/history', 'local'],
    ['postgres://u:p@[::1]/history', 'local'],
    ['postgres:///history?host=/var/run/postgresql', 'local'],
    ['postgres://u:p@%2Fvar%2Frun/history', 'local'],
    ['postgres://u:p@localhost.example/history', 'plain'],
    ['redis://redis:6379', 'plain'],
    ['rediss://redis:6379', 'verified'],
    ['redis://127.0.0.1:6379', 'local'],
  ];
  for (const [url, protection] of cases) {
    it(`of ${url} is ${protection}`, () => {
      expect(protectionOf(new Secret(url))).to.equal(protection);
    });
  }
});
