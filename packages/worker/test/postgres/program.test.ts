import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { chooseProgram, findPrograms, programDirectories } from '../../src/postgres/program.js';

const programs = (...versions: string[]) =>
  versions.map((version) => ({ directory: `/pg/${version}`, version, major: Number.parseInt(version, 10) }));
const choose = (versions: string[], server: string) =>
  chooseProgram(programs(...versions), { source: 'main', version: server });

describe('the pg_dump that dumps a server', () => {
  const chosen: [found: string[], server: string, chosen: string, why: string][] = [
    [['15.18'], '15.18', '15.18', 'the same version'],
    [['15.2'], '15.18', '15.2', 'an older minor version'],
    [['17.1', '15.18', '16.4'], '15.3', '15.18', 'the same major version among others'],
    [['17.1', '16.4'], '15.3', '16.4', 'the oldest of the newer ones'],
    [['18.0', '9.6'], '12.5', '18.0', 'a newer one, not an older one'],
    [['18beta1'], '17.1', '18beta1', 'a beta'],
    [['18beta1'], '18.0', '18beta1', 'a beta of the same major version'],
    [['15.18', '16.4'], '16beta2', '16.4', 'a server that is a beta'],
    [['15.18', '10.1', '9.6'], '9.6.24', '9.6', 'numbers are compared as numbers'],
  ];
  for (const [found, server, version, why] of chosen) {
    it(`is ${version} for a server ${server} where there is ${found.join(', ')} (${why})`, () => {
      expect(choose(found, server).version).to.equal(version);
    });
  }

  it('is never an older one: that is refused with both versions', () => {
    for (const [found, server] of [
      [['15.18'], '16.0'],
      [['15.18', '9.6', '14.1'], '17devel'],
    ] as const) {
      try {
        choose([...found], server);
        expect.fail('it was not refused');
      } catch (error) {
        expect(error).to.be.instanceOf(SafekeepError).and.include({ code: 'PG_DUMP_TOO_OLD', exitCode: 3 });
        expect((error as Error).message)
          .to.contain(`PostgreSQL ${server}`)
          .and.contain('(15.18)');
      }
    }
  });

  it('is refused where there is none', () => {
    expect(() => choose([], '15.18'))
      .to.throw(SafekeepError)
      .and.include({ code: 'PG_DUMP_MISSING' });
  });

  it('is not changed by the order in which they were found', () => {
    const found = programs('17.1', '15.18');
    choose(['17.1', '15.18'], '15.0');
    chooseProgram(found, { source: 'main', version: '15.0' });
    expect(found.map((one) => one.version)).to.deep.equal(['17.1', '15.18']);
  });
});

describe('the search for pg_dump', () => {
  let folder: string;

  before(async () => {
    folder = await scratchFolder('safekeep-programs');
  });

  /** A folder with a pg_dump that is this shell script. */
  function fake(name: string, script: string, mode = 0o755): string {
    const directory = join(folder, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'pg_dump'), `#!/bin/sh\n${script}\n`, { mode });
    return directory;
  }

  it('finds each version, and passes over folders without one and programs that are none', async () => {
    const directories = [
      join(folder, 'missing'),
      fake('debian', 'echo "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"'),
      fake('plain', 'echo "pg_dump (PostgreSQL) 17.2"'),
      fake('beta', 'echo "pg_dump (PostgreSQL) 18beta1"'),
      fake('other', 'echo "something else 15.1"'),
      fake('broken', 'echo "broken" >&2; exit 127'),
      fake('killed', 'kill -9 $$'),
      fake('text', 'echo "pg_dump (PostgreSQL) 16.1"', 0o644),
    ];
    const found = await findPrograms(directories);
    expect(found).to.deep.equal([
      { directory: join(folder, 'debian'), version: '15.18', major: 15 },
      { directory: join(folder, 'plain'), version: '17.2', major: 17 },
      { directory: join(folder, 'beta'), version: '18beta1', major: 18 },
    ]);
  });

  it('shows a program that only tells its version nothing of the worker’s environment', async () => {
    const seen = join(folder, 'seen');
    const directory = fake('spy', `env > ${seen}; echo "pg_dump (PostgreSQL) 15.1"`);
    process.env.BACKUP_ENCRYPTION_KEY = 'MARKER-key';
    try {
      await findPrograms([directory]);
    } finally {
      delete process.env.BACKUP_ENCRYPTION_KEY;
    }
    expect(readFileSync(seen, 'utf8')).to.contain('LC_ALL=C').and.not.contain('MARKER');
    const names = readFileSync(seen, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names).to.have.members(['LC_ALL', 'PATH', 'PWD']);
  });

  it('looks into the absolute folders of PATH, each once', async () => {
    const found = await programDirectories('/one:relative::/two:/one:./three');
    expect(found.filter((directory) => /one|two|three|relative/.test(directory))).to.deep.equal([
      '/one',
      '/two',
    ]);
    expect(await programDirectories('')).to.not.include('');
  });

  it('finds the one that this machine has', async () => {
    const found = await findPrograms(await programDirectories(process.env.PATH ?? ''));
    expect(found.length).to.be.greaterThan(0);
    for (const one of found) expect(one.version).to.match(/^\d+(\.\d+|beta\d+|rc\d+|devel)/);
  });
});
