import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { findPrograms, type PostgresPrograms, programDirectories } from '../../src/postgres/program.js';
import { requireCompression } from '../../src/postgres/require-compression.js';

describe('client programs that are asked for a compression', () => {
  let folder: string;
  before(async () => {
    folder = await scratchFolder('safekeep-compression');
  });

  /** Programs of a version whose pg_dump says this on standard error and fails. */
  function saying(version: string, stderr: string): PostgresPrograms {
    const directory = join(folder, `${version}-${stderr.length}`);
    mkdirSync(directory);
    const script = `#!/bin/sh\necho "$@" > "$0.args"\ncat >&2 <<'END'\n${stderr}\nEND\nexit 1\n`;
    writeFileSync(join(directory, 'pg_dump'), script, { mode: 0o755 });
    return { directory, version, major: Number.parseInt(version, 10) };
  }

  const codeOf = (programs: PostgresPrograms, compression: string) =>
    requireCompression(programs, compression).then(
      () => 'none',
      (error: unknown) => (error instanceof SafekeepError ? error.code : String(error)),
    );

  const NO_SERVER =
    'pg_dump: error: connection to server on socket "/dev/null/nowhere/.s.PGSQL.5432" failed: Not a directory';

  it('can gzip, whatever their version, and are not even started', async () => {
    const programs = { directory: join(folder, 'missing'), version: '12.1', major: 12 };
    for (const compression of ['gzip:1', 'gzip:9', 'none']) {
      expect(await codeOf(programs, compression)).to.equal('none');
    }
  });

  it('cannot zstd or lz4 before version 16', async () => {
    const programs = saying('15.18', NO_SERVER);
    for (const compression of ['zstd:3', 'lz4:1']) {
      expect(await codeOf(programs, compression)).to.equal('COMPRESSION_UNSUPPORTED');
    }
  });

  it('can from version 16 where they come as far as looking for a server', async () => {
    expect(await codeOf(saying('16.4', NO_SERVER), 'zstd:3')).to.equal('none');
  });

  it('cannot where they were built without it', async () => {
    const stderr =
      'pg_dump: error: invalid compression specification: this build does not support compression with zstd';
    expect(await codeOf(saying('17.1', stderr), 'zstd:3')).to.equal('COMPRESSION_UNSUPPORTED');
  });

  it('cannot where they do not start', async () => {
    const programs = { directory: join(folder, 'missing'), version: '17.1', major: 17 };
    expect(await codeOf(programs, 'lz4:1')).to.equal('COMPRESSION_UNSUPPORTED');
  });

  it('are believed as they are: those of this machine', async () => {
    for (const programs of await findPrograms(await programDirectories(process.env.PATH ?? ''))) {
      const code = await codeOf(programs, 'zstd:0x');
      expect(code, programs.version).to.equal('COMPRESSION_UNSUPPORTED');
    }
  });
});
