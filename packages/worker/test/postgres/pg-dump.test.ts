import { once } from 'node:events';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { emptyDatabase, postgresServer } from '../../../shared/test/servers.js';
import { libpqAccess } from '../../src/postgres/libpq-environment.js';
import { startGlobalsDump } from '../../src/postgres/pg-dump.js';
import { realPrograms } from './real-programs.js';

describe('the output of a dump', function () {
  this.timeout(30_000);

  it('is all there when nobody reads it before the program has ended', async () => {
    const url = new Secret((await postgresServer()).url(await emptyDatabase()));
    const access = await libpqAccess(url, process.env);
    const options = { programs: await realPrograms(), access, lockTimeout: 5_000 };
    const dump = startGlobalsDump({ ...options, withPasswords: true });
    expect((await dump.ended).ok).to.equal(true);
    let text = '';
    dump.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await once(dump.stdout, 'end');
    expect(text).to.contain('database cluster dump complete');
    await access.close();
  });
});
