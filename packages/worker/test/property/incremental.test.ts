import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { FORGERIES } from './forged-bases.js';
import { keyKinds } from './key-kinds.js';
import { ROUND } from './plan-schema.js';
import { type PropertyServer, propertyServer } from './property-server.js';
import { runSeed } from './run-seed.js';
import { Tally } from './tally.js';
import { MANNER_NAMES, ROW_CHANGE_NAMES } from './transactions.js';
import { WORLD_CHANGE_NAMES } from './world-changes.js';

const ONE = process.env.PROPERTY_SEED;
const FIRST = Number(ONE ?? 1);
const COUNT = Number(process.env.PROPERTY_SEEDS ?? (ONE === undefined ? ROUND : 1));
/** Whether the first seed that fails is enough. */
const BAIL = process.env.PROPERTY_BAIL === '1';
/** From so many seeds on rare things are met, too. */
const MANY = 60;

describe('a full backup and its incrementals, of any database and whatever happens to it', function () {
  this.timeout(120_000 + COUNT * 60_000);
  let server: PropertyServer;
  const tally = new Tally();

  before(async () => {
    server = await propertyServer();
  });
  after(() => server?.postgres.stop('immediate'));

  it(`restore to what their snapshots saw (seeds ${FIRST} to ${FIRST + COUNT - 1})`, async () => {
    const folder = await scratchFolder('safekeep-property-backups');
    const failed: string[] = [];
    for (let seed = FIRST; seed < FIRST + COUNT && !(BAIL && failed.length > 0); seed += 1) {
      await runSeed(seed, server, folder, tally).catch((error: Error) => {
        failed.push(`PROPERTY_SEED=${seed}: ${error.stack}`);
        process.stdout.write(`PROPERTY_SEED=${seed}: ${error.stack}\n`);
      });
    }
    if (failed.length > 0)
      throw new Error(`${failed.length} of ${COUNT} seeds failed:\n${failed.join('\n')}`);
  });

  it('have met every class of chunks, way of storing tables, kind of key and reason for a full', function () {
    if (COUNT < ROUND) this.skip();
    process.stdout.write(`${tally.toString().replace(/^/gm, '      ')}\n`);
    const kinds = [...keyKinds('x').map(({ kind }) => kind), 'of a family'];
    const missing = [
      ...tally.missing('chunks', ['unchanged', 'inserts', 'updates', 'other']),
      ...tally.missing('tables', ['unchanged', 'rows', 'whole']),
      ...tally.missing('keys', kinds),
      ...tally.missing('promotions', ['schema-changed', 'large-objects-changed', 'server-changed']),
      ...tally.missing('backups', ['full', 'incremental']),
      ...tally.missing('while taken', ['written', 'truncated']),
      ...tally.missing('row changes', ROW_CHANGE_NAMES),
      ...tally.missing(
        'forged bases',
        FORGERIES.map(({ what }) => what),
      ),
    ];
    const rare = [
      ...tally.missing('manners', MANNER_NAMES),
      ...tally.missing('other changes', WORLD_CHANGE_NAMES),
      ...tally.missing('open transactions', ['idle', 'prepared', 'ended']),
      ...tally.missing('refused', [
        'applied twice',
        'a row is missing',
        'a row is another',
        'another base',
        'an empty database',
      ]),
    ];
    expect(COUNT < MANY ? missing : [...missing, ...rare]).to.deep.equal([]);
  });
});
