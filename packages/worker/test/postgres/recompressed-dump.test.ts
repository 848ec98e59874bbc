import { execFile, spawn } from 'node:child_process';
import { createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createRecompressor } from '@safekeep/archive/parallel-gzip/recompress';
import { expect } from 'chai';
import { createClinic } from '../../../../scripts/demo/clinic.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { postgresServer } from '../../../shared/test/servers.js';
import { findPrograms, type PostgresPrograms, programDirectories } from '../../src/postgres/program.js';
import { deflatePool } from '../deflate-pool.js';
import { realPrograms } from './real-programs.js';

const run = promisify(execFile);

describe('a dump that Safekeep compresses', function () {
  this.timeout(60_000);
  let folder: string;
  let url: string;

  before(async () => {
    folder = await scratchFolder('safekeep-recompressed');
    const server = await postgresServer();
    await run('psql', [server.url('postgres'), '-qc', 'CREATE DATABASE recompressed_clinic']);
    url = server.url('recompressed_clinic');
    await createClinic(url, { bytes: 12_000_000 });
    // An object without bytes, and rows that are longer than a block.
    await run('psql', [
      url,
      '-qc',
      `SELECT lo_create(4000000001);
      CREATE TABLE scans AS SELECT g AS id, repeat(md5(g::text), 20000) AS scan FROM generate_series(1, 3) g`,
    ]);
  });

  const made = new Map<string, ReturnType<typeof makeDumps>>();

  /** The archive as pg_dump compresses it, and as Safekeep does. */
  function dumps(programs: PostgresPrograms): ReturnType<typeof makeDumps> {
    const known = made.get(programs.directory) ?? makeDumps(programs);
    made.set(programs.directory, known);
    return known;
  }

  async function makeDumps(programs: PostgresPrograms) {
    const program = join(programs.directory, 'pg_dump');
    const [own, ours] = ['own', 'ours'].map((name) => join(folder, `${name}-${programs.version}.pgdump`)) as [
      string,
      string,
    ];
    await run(program, ['-Fc', '-Z9', '-f', own, url]);
    const plain = spawn(program, ['-Fc', '-Z0', url], { stdio: ['ignore', 'pipe', 'inherit'] });
    await pipeline(
      plain.stdout,
      createRecompressor({ pool: deflatePool, level: 9 }),
      createWriteStream(ours),
    );
    return { own, ours };
  }

  /** What pg_restore makes of an archive, without what differs from run to run. */
  async function told(programs: PostgresPrograms, ...args: string[]): Promise<string> {
    const options = { maxBuffer: 200_000_000 };
    const { stdout } = await run(join(programs.directory, 'pg_restore'), args, options);
    return stdout.replace(/^\\(un)?restrict .*$|^;.*created at.*$/gm, '');
  }

  it('is for pg_restore what pg_dump makes by itself, and no larger', async () => {
    for (const programs of await findPrograms(await programDirectories(process.env.PATH ?? ''))) {
      const { own, ours } = await dumps(programs);
      expect(statSync(ours).size, programs.version).to.be.at.most(statSync(own).size);
      expect(await told(programs, '-l', ours)).to.equal(await told(programs, '-l', own));
      expect((await told(programs, '-f', '-', ours)) === (await told(programs, '-f', '-', own))).to.equal(
        true,
      );
    }
  });

  it('restores to the same database with stock tools', async () => {
    const programs = await realPrograms();
    const { ours } = await dumps(programs);
    const server = await postgresServer();
    await run('psql', [server.url('postgres'), '-qc', 'CREATE DATABASE recompressed_copy']);
    const copy = server.url('recompressed_copy');
    await run(join(programs.directory, 'pg_restore'), ['--exit-on-error', '-d', copy, ours]);
    const text = async (of: string) => {
      const { stdout } = await run(join(programs.directory, 'pg_dump'), ['--data-only', of], {
        maxBuffer: 200_000_000,
      });
      return stdout.replace(/^\\(un)?restrict .*$/gm, '');
    };
    expect((await text(copy)) === (await text(url))).to.equal(true);
  });
});
