import type { World } from '../../process/world.js';
import { checkFiles, type FilesExpected } from './check-files.js';
import { checkHistory } from './check-history.js';
import { checkLeftovers } from './check-leftovers.js';
import { checkRestores } from './check-restores.js';
import { checkSecrets } from './check-secrets.js';

interface Expected extends FilesExpected {
  /** Texts of rows that must stand nowhere outside of a backup. */
  readonly rowValues?: readonly string[];
  /** The backups are too large to be restored once more; the test has proven them with recovery tests. */
  readonly tooLarge?: boolean;
  /** History's clock was set meanwhile, so its times do not tell what came after what. */
  readonly timesJump?: boolean;
}

/**
 * Looks at everything when a fault is over and nothing runs any more: opens every file, reads every row of history and
 * every key of Redis, restores every completed backup with stock tools, and looks for processes and databases that
 * were left. The invariants I1 to I6 of docs/TESTING.md; an assertion says which does not hold.
 */
export async function checkInvariants(world: World, expected: Expected = {}): Promise<void> {
  await checkHistory(world, { timesJump: expected.timesJump === true });
  const backups = await checkFiles(world, expected);
  if (expected.tooLarge !== true) await checkRestores(world, backups);
  await checkLeftovers(world);
  await checkSecrets(world, expected.rowValues ?? []);
}
