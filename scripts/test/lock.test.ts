import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeLock } from '../demo/lock.js';
import { scratchFolder } from '../services/scratch-folder.js';

describe('the lock of a folder', () => {
  it('is held by one process until it is released', async () => {
    const folder = await scratchFolder('safekeep-lock-test');
    const file = join(folder, 'lock');
    const lock = takeLock(file);
    if (!('release' in lock)) throw new Error('a free lock was refused');
    expect(takeLock(file)).to.deep.equal({ heldBy: process.pid });
    lock.release();
    expect(takeLock(file)).to.have.property('release');
    expect(readdirSync(folder)).to.deep.equal(['lock']);
  });

  it('is taken over from a process that is gone', async () => {
    const file = join(await scratchFolder('safekeep-lock-test'), 'lock');
    const child = spawn('true');
    await once(child, 'close');
    writeFileSync(file, JSON.stringify({ pid: child.pid, startTicks: 1 }));
    expect(takeLock(file)).to.have.property('release');
  });

  it('is taken over when another process has got the pid since', async () => {
    const file = join(await scratchFolder('safekeep-lock-test'), 'lock');
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTicks: 1 }));
    expect(takeLock(file)).to.have.property('release');
    expect(existsSync(file)).to.equal(true);
  });
});
