import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { type PropertyServer, propertyServer } from './property-server.js';
import { runSeed } from './run-seed.js';
import { Tally } from './tally.js';

const ONE = process.env.PROPERTY_SEED;
const FIRST = Number(ONE ?? 1);
const COUNT = ONE === undefined ? Number(process.env.PROPERTY_SEEDS ?? 6) : 1;

describe('backups of any database, whatever happens to it', function () {
  this.timeout(60_000 + COUNT * 20_000);
  let server: PropertyServer;
  const tally = new Tally();

  before(async () => {
    server = await propertyServer();
  });
  after(() => server?.postgres.stop('immediate'));

  it(`restore to what their snapshots saw (seeds ${FIRST} to ${FIRST + COUNT - 1})`, async () => {
    const folder = await scratchFolder('safekeep-property-backups');
    const failed: string[] = [];
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      await runSeed(seed, server, folder, tally).catch((error: Error) => {
        failed.push(`PROPERTY_SEED=${seed}: ${error.stack}`);
        process.stdout.write(`PROPERTY_SEED=${seed}: ${error.stack}\n`);
      });
    }
    if (ONE === undefined && COUNT > 50) process.stdout.write(`${tally}\n`);
    if (failed.length > 0)
      throw new Error(`${failed.length} of ${COUNT} seeds failed:\n${failed.join('\n')}`);
  });
});
