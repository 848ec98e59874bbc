import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { scratchFolder } from '../services/scratch-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A repository of backup.sh alone, in a folder whose name has spaces. */
async function repository(): Promise<string> {
  const root = join(await scratchFolder('safekeep-test'), 'a clinic', 'safe keep');
  mkdirSync(join(root, 'docker/backup'), { recursive: true });
  cpSync(join(ROOT, 'docker/backup/backup.sh'), join(root, 'docker/backup/backup.sh'));
  symlinkSync('docker/backup/backup.sh', join(root, 'backup.sh'));
  return root;
}

/** Puts a command line in place of the built one that prints its arguments and exits with 5. */
function build(root: string): void {
  const folder = join(root, 'packages/worker/dist/cli');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'main.js'),
    'process.stdout.write(JSON.stringify(process.argv.slice(2))); process.exitCode = 5;',
  );
}

function run(script: string, args: string[] = [], path = process.env.PATH): ReturnType<typeof spawnSync> {
  return spawnSync(script, args, { cwd: '/', env: { PATH: path }, encoding: 'utf8' });
}

describe('backup.sh', () => {
  it('is a link at the root of the repository', () => {
    expect(readlinkSync(join(ROOT, 'backup.sh'))).to.equal('docker/backup/backup.sh');
  });

  it('hands its arguments on and ends with the exit code of the command line, from any folder', async () => {
    const root = await repository();
    build(root);
    const args = ['test', 'two words', '', '--json'];
    const { stdout, status } = run(join(root, 'backup.sh'), args);
    expect(JSON.parse(String(stdout))).to.deep.equal(args);
    expect(status).to.equal(5);
  });

  it('works through a link from elsewhere, as /backup.sh in the image', async () => {
    const root = await repository();
    build(root);
    const link = join(dirname(root), 'backup.sh');
    symlinkSync(join(root, 'docker/backup/backup.sh'), link);
    expect(run(link, ['full']).stdout).to.equal('["full"]');
  });

  it('says how to build what is not built', async () => {
    const root = await repository();
    const { stderr, status } = run(join(root, 'backup.sh'), ['full']);
    expect(status).to.equal(3);
    expect(stderr).to.include(`cd '${root}' && node scripts/bootstrap.mjs && npm run build`);
  });

  it('says which Node it needs when there is none or an old one', async () => {
    const root = await repository();
    build(root);
    const tools = await scratchFolder('safekeep-test');
    for (const name of ['bash', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${name}`, join(tools, name));
    const without = run(join(root, 'backup.sh'), ['full'], tools);
    expect(without.stderr).to.include('Node.js is not on PATH');
    expect(without.status).to.equal(3);

    writeFileSync(join(tools, 'node'), '#!/bin/bash\necho v20.18.3\n', { mode: 0o755 });
    const old = run(join(root, 'backup.sh'), ['full'], `${tools}${delimiter}${process.env.PATH}`);
    expect(old.stderr).to.include('needs Node.js 20.19 or newer, this is v20.18.3');
    expect(old.status).to.equal(3);
  });
});
