import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '@safekeep/archive/canonical-json';
import { unpacks } from '@safekeep/archive/inflate-stream';
import type { SidecarBody } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { SafekeepError } from '@safekeep/shared/errors';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { described, PASSPHRASE, seal } from '../../../archive/test/described-backup.js';
import { golden } from '../../../archive/test/golden.js';
import { verify } from '../../src/jobs/verify.js';
import { findPrograms, programDirectories } from '../../src/postgres/program.js';

const NEVER = new AbortController().signal;

/** A golden archive as a stored backup. */
async function stored(archive: Buffer, lies: Partial<SidecarBody>, damage = (file: Buffer) => file) {
  const directory = mkdtempSync(join(await scratchFolder('safekeep-stored'), 'backups-'));
  const file = await seal(archive);
  const sidecar = described(file, archive, lies);
  writeFileSync(join(directory, sidecar.fileName), damage(file));
  writeFileSync(join(directory, `${sidecar.fileName}.meta`), `${canonicalJson(sidecar)}\n`);
  return {
    backup: { id: sidecar.id, fileName: sidecar.fileName },
    recordedHmac: sidecar.hmac,
    baseDisposedAt: null,
    storage: new LocalStorage(directory, 'main'),
    encryptionKey: new Secret(PASSPHRASE),
    onProgress: () => {},
  };
}

for (const [name, compression, major] of [
  ['pg17-zstd9.pgdump', 'zstd:9', 17],
  ['pg18-lz4.pgdump', 'lz4:1', 18],
] as const) {
  const algorithm = compression.split(':')[0] as string;
  const lies = { compression, pgDumpVersion: `${major}.1` };

  describe(`the verification of a backup compressed with ${algorithm}`, () => {
    it('looks at every row, by the runtime or by a pg_restore that is new enough, and finds the wrong ones', async function () {
      const directories = await programDirectories(process.env.PATH ?? '');
      const found = await findPrograms(directories);
      if (!unpacks(algorithm) && !found.some((programs) => programs.major >= major)) {
        process.stdout.write(`      SKIPPED: no pg_restore ${major} or newer on this machine\n`);
        return this.skip();
      }
      const programs = { programDirectories: directories };
      const sound = await stored(golden(name), lies);
      expect(await verify({ ...sound, ...programs }, NEVER)).to.include({ verdict: 'sound' });
      const wrong = await stored(golden(name), { ...lies, largeObjects: 4 });
      expect(await verify({ ...wrong, ...programs }, NEVER)).to.include({ verdict: 'rows' });
      const cut = await stored(golden(name).subarray(0, -20), lies);
      expect(await verify({ ...cut, ...programs }, NEVER)).to.include({ verdict: 'archive' });
    });

    it('never passes where nothing can inflate it, but finds a damaged file all the same', async function () {
      if (unpacks(algorithm)) return this.skip();
      const programs = { programDirectories: [] };
      const sound = await stored(golden(name), lies);
      const code = await verify({ ...sound, ...programs }, NEVER).then(
        ({ verdict }) => verdict,
        (error: unknown) => (error instanceof SafekeepError ? error.code : error),
      );
      expect(code).to.equal('PG_DUMP_MISSING');
      const damaged = await stored(golden(name), lies, (file) => Buffer.from(file).fill(0, 100, 110));
      expect(await verify({ ...damaged, ...programs }, NEVER)).to.include({ verdict: 'checksum' });
    });
  });
}
