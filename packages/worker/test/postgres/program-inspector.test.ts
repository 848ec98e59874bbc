import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { int } from '../../../archive/test/custom-format-writer.js';
import { pieces } from '../../../archive/test/flow.js';
import { GOLDEN, golden } from '../../../archive/test/golden.js';
import { findPrograms, type PostgresPrograms, programDirectories } from '../../src/postgres/program.js';
import { createProgramInspector } from '../../src/postgres/program-inspector.js';
import { realPrograms } from './real-programs.js';

async function inspect(programs: PostgresPrograms, archive: Buffer) {
  const inspector = createProgramInspector(programs);
  await pipeline(pieces(archive, 1000), inspector as Writable);
  return inspector.result();
}

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const LZ4 = Buffer.from([0x04, 0x22, 0x4d, 0x18]);

const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'none',
    (error: unknown) => {
      if (error instanceof ArchiveError || error instanceof SafekeepError) return error.code;
      throw error;
    },
  );

describe('an archive whose data pg_restore inflates', function () {
  this.timeout(60_000);
  let found: PostgresPrograms[];
  let programs: PostgresPrograms;
  before(async () => {
    found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
    programs = await realPrograms();
  });

  for (const name of GOLDEN) {
    const major = Number(/^pg(\d+)/.exec(name)?.[1]);
    it(`gives every row and large object of ${name}`, async function () {
      const fit = found.find((programs) => programs.major >= major);
      if (fit === undefined) {
        process.stdout.write(`      SKIPPED: no pg_restore ${major} or newer on this machine\n`);
        return this.skip();
      }
      const contents = await inspect(fit, golden(name));
      expect(contents.tables).to.have.deep.members([
        { schema: 'clinic', name: 'never_filled', rows: 0 },
        { schema: 'clinic', name: 'patient', rows: 3 },
        { schema: 'clinic', name: 'visit', rows: 60 },
      ]);
      expect(contents).to.include({ largeObjects: 3, bytes: golden(name).length });
    });
  }

  it('is never read to its end when it was cut short or damaged', async () => {
    const archive = golden('pg15-gzip9.pgdump');
    for (const length of [0, 10, 3000, archive.length - 300, archive.length - 1]) {
      expect(await codeOf(inspect(programs, archive.subarray(0, length))), `${length}`).to.match(/^ARCHIVE_/);
    }
    const damaged = Buffer.from(archive);
    const data = damaged.indexOf(Buffer.from([0x78, 0xda]), damaged.indexOf('COPY clinic.visit'));
    damaged.fill(0xff, data + 40, data + 60);
    expect(await codeOf(inspect(programs, damaged))).to.equal('ARCHIVE_DATA_BROKEN');
  });

  async function standIn(script: string): Promise<PostgresPrograms> {
    const directory = mkdtempSync(join(await scratchFolder('safekeep-programs'), 'bin-'));
    writeFileSync(join(directory, 'pg_restore'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, 'pg_restore'), 0o755);
    return { directory, version: '17.0', major: 17 };
  }

  it('is not judged by a program that was built without its compression, that was killed, or that is not there', async () => {
    const archive = golden('pg17-zstd9.pgdump');
    const without = 'echo "pg_restore: error: this build does not support compression with ZSTD" >&2; exit 1';
    for (const script of [without, 'kill -9 $$']) {
      expect(await codeOf(inspect(await standIn(script), archive))).to.equal('COMPRESSION_UNREADABLE');
    }
    const nowhere = { directory: '/nowhere', version: '17.0', major: 17 };
    expect(await codeOf(inspect(nowhere, archive))).to.equal('COMPRESSION_UNREADABLE');
  });

  it('is not believed when a frame of zstd or lz4 is cut short or has something behind it, which pg_restore does not mind', async function () {
    const fit = found.find(({ major }) => major >= 18);
    if (fit === undefined) {
      process.stdout.write('      SKIPPED: no pg_restore 18 or newer on this machine\n');
      return this.skip();
    }
    for (const name of ['pg17-zstd9.pgdump', 'pg18-lz4.pgdump']) {
      const archive = golden(name);
      // The last stream is that of a large object: its one chunk, its end, and the end of the list.
      const last = archive.lastIndexOf(name.includes('lz4') ? LZ4 : ZSTD);
      const stored = archive.subarray(last, -10);
      for (const other of [stored.subarray(0, -1), Buffer.concat([stored, Buffer.from([0])])]) {
        const chunk = Buffer.concat([int(other.length), other]);
        const changed = Buffer.concat([archive.subarray(0, last - 5), chunk, archive.subarray(-10)]);
        expect(await codeOf(inspect(fit, changed)), name).to.equal('ARCHIVE_DATA_BROKEN');
      }
    }
  });

  it('is not believed when the program says nothing of its tables', async () => {
    const silent = await standIn('cat > /dev/null');
    expect(await codeOf(inspect(silent, golden('pg17-zstd9.pgdump')))).to.equal('ARCHIVE_DATA_BROKEN');
  });
});
