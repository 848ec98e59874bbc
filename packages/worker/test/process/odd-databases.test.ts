import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { restoreByHand, shell, wholeText } from './by-hand.js';
import { ODD_DATABASES } from './odd-databases.js';
import { openWorld, type World } from './world.js';

/** Odd names are a fault of their own: faults/odd-names.test.ts. */
const DATABASES = ODD_DATABASES.slice(1);

describe('odd databases are dumped and restored equal', function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await openWorld('odd');
    const sources = DATABASES.map(({ name }, at) => ({
      name: `odd${at}`,
      url: world.postgres.url(name),
    }));
    sources.push({ name: 'latin1', url: world.postgres.url('latin1') });
    writeFileSync(join(world.folder, 'sources.json'), JSON.stringify(sources));
    world.environment.SOURCES_FILE = join(world.folder, 'sources.json');
    await world.startWorker();
  });
  after(() => world?.close());

  for (const [at, odd] of DATABASES.entries()) {
    it(`${odd.promise}: the restored copy is the source in every word`, async () => {
      const quoted = `"${odd.name.replaceAll('"', '""')}"`;
      await world.sql('postgres', `CREATE DATABASE ${quoted} TEMPLATE template0`);
      await world.sql(odd.name, odd.sql);
      const { code, stdout, stderr } = await world.cli(['full', '--json', '--source', `odd${at}`]);
      expect(code, stderr).to.equal(0);
      const backup = JSON.parse(stdout) as Backup;
      await restoreByHand(world, `odd${at}/${backup.fileName}`, `restored${at}`);
      const [source, restored] = [
        await wholeText(world.postgres.url(odd.name)),
        await wholeText(world.postgres.url(`restored${at}`)),
      ];
      expect(source).to.have.length.greaterThan(1000);
      expect(restored === source, 'the text of the restored copy differs').to.equal(true);
    });
  }

  it('names outside of ASCII are the same in archive and sidecar of a database that is not in UTF-8', async () => {
    await world.sql('postgres', `CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    await world.sql(
      'latin1',
      `CREATE TABLE "Größe" AS SELECT 'Übergröße ' || g AS "Maß" FROM generate_series(1, 9) g`,
    );
    expect((await world.cli(['full', '--source', 'latin1'])).code).to.equal(0);
    const { code, stdout } = await world.cli(['test', '--json', '--source', 'latin1']);
    expect(JSON.parse(stdout)[0]).to.include({ verdict: 'sound', reason: null });
    expect(code).to.equal(0);
  });

  it('roles, memberships and password hashes come back from the companion', async () => {
    const [companion] = (await shell(`ls ${world.backupDirectory}/odd1/*.globals.sql.enc`)).split('\n');
    const text = await shell('openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY_FILE" -in "$FILE"', {
      KEY_FILE: world.keyFile,
      FILE: companion,
    });
    expect(text).to.contain(`CREATE ROLE "Arzt's role"`);
    expect(text).to.match(/ALTER ROLE nurse .*PASSWORD 'SCRAM-SHA-256\$/);
    expect(text).to.contain(`GRANT "Arzt's role" TO nurse`);
  });

  it('the sidecar counts the rows of every table, also of partitions, children and tables without columns', async () => {
    const sidecar = await shell(`cat ${world.backupDirectory}/odd0/*.meta`);
    const { tables } = JSON.parse(sidecar) as { tables: { schema: string; name: string; rows: number }[] };
    const rows = Object.fromEntries(tables.map((table) => [table.name, table.rows]));
    expect(rows).to.include({
      kinds: 3,
      parent: 1,
      child: 1,
      no_columns: 2,
      cache: 1,
      empty_table: 0,
      wide: 4,
    });
    expect((rows.readings_2023_1 ?? 0) + (rows.readings_2023_x ?? 0) + (rows.readings_rest ?? 0)).to.equal(
      900,
    );
  });
});
