import { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { migrateHistory } from '@safekeep/shared/history/migrate';
import { findUserByName } from '@safekeep/shared/history/users';
import { expect } from 'chai';
import type pg from 'pg';
import { ensureFirstAdmin } from '../src/auth/first-admin.js';
import { PasswordCheck } from '../src/auth/password.js';
import { auditTrail } from './expectations.js';
import { emptyDatabase } from './servers.js';

describe('the first admin', () => {
  const passwords = new PasswordCheck();
  let pool: pg.Pool;
  let shown: string[];
  beforeEach(async () => {
    const history = await emptyDatabase();
    await migrateHistory({ HISTORY_DATABASE_URL: history, HISTORY_MIGRATIONS_URL: undefined });
    pool = createHistoryPool(history, 10, () => {});
    shown = [];
  });
  afterEach(() => pool.end());

  const ensure = (password?: Secret) => ensureFirstAdmin(pool, 'admin', password, (made) => shown.push(made));

  it('gets a password that is shown once and opens the account', async () => {
    await ensure();
    const admin = await findUserByName(pool, 'admin');
    expect(admin).to.include({ role: 'admin', disabled: false });
    expect(shown).to.have.length(1);
    expect(shown[0]).to.match(/^[\w-]{24}$/);
    expect(await passwords.matches(admin?.passwordHash, shown[0] ?? '')).to.equal(true);
    expect((await auditTrail(pool)).at(-1)).to.include({ action: 'user.create', target: 'admin' });
    await ensure();
    expect(shown).to.have.length(1);
  });

  it('gets the configured password, which is not shown', async () => {
    await ensure(new Secret('a configured password'));
    const admin = await findUserByName(pool, 'admin');
    expect(await passwords.matches(admin?.passwordHash, 'a configured password')).to.equal(true);
    expect(shown).to.deep.equal([]);
  });

  it('is not created again under another name, and its password is not reset', async () => {
    await ensure(new Secret('a configured password'));
    await ensureFirstAdmin(pool, 'root', new Secret('another password'), (made) => shown.push(made));
    expect(await findUserByName(pool, 'root')).to.equal(null);
    const admin = await findUserByName(pool, 'admin');
    expect(await passwords.matches(admin?.passwordHash, 'another password')).to.equal(false);
  });

  it('is one when many processes create it at once, and only its password is shown', async () => {
    await Promise.all(Array.from({ length: 8 }, () => ensure()));
    const { rowCount } = await pool.query('SELECT FROM users');
    expect(rowCount).to.equal(1);
    expect(shown).to.have.length(1);
  });
});

describe('a password check', () => {
  const passwords = new PasswordCheck();

  it('fails where nothing, or no hash, is stored', async () => {
    for (const stored of [undefined, '', '!', 'plain text']) {
      expect(await passwords.matches(stored, stored ?? '')).to.equal(false);
    }
  });
});
