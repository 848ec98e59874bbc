import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SidecarBody } from '../src/sidecar.js';
import { verifyBackupApart } from '../src/verify-apart.js';
import { ARCHIVE, described, PASSPHRASE, seal } from './described-backup.js';

describe('a verification in a thread of its own', () => {
  let folder: string;
  let content: Buffer;
  let file: FileHandle;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'safekeep-verify-apart-'));
    content = await seal(ARCHIVE);
    writeFileSync(join(folder, 'backup'), content);
    file = await open(join(folder, 'backup'));
  });
  after(async () => {
    await file.close();
    rmSync(folder, { recursive: true });
  });

  const verify = (signal: AbortSignal, lies: Partial<SidecarBody> = {}, descriptor = file.fd) => {
    const sidecar = described(content, ARCHIVE, lies);
    const seen: number[] = [];
    const task = { descriptor, size: content.length, sidecar, passphrase: PASSPHRASE };
    const verdict = verifyBackupApart(task, { signal, onProgress: (done) => seen.push(done) });
    return { verdict, seen };
  };

  it('comes to the same verdict, tells how far it is, and leaves the file open', async () => {
    const { signal } = new AbortController();
    const sound = verify(signal);
    expect(await sound.verdict).to.deep.equal({ ok: true });
    expect(sound.seen.at(-1)).to.equal(2 * content.length);
    expect(await verify(signal, { largeObjects: 2 }).verdict).to.include({ ok: false, step: 'rows' });
    expect((await file.read(Buffer.alloc(2), 0, 2, 0)).bytesRead).to.equal(2);
  });

  it('gives no verdict when it was told to stop, before or meanwhile', async () => {
    const stop = new AbortController();
    const { verdict } = verify(stop.signal);
    stop.abort(new Error('told to stop'));
    expect(await verdict.catch((error: Error) => error.message)).to.equal('told to stop');
    expect(await verify(stop.signal).verdict.catch((error: Error) => error.message)).to.equal('told to stop');
  });

  it('gives no verdict when the file cannot be read', async () => {
    const directory = await open(folder);
    try {
      const { verdict } = verify(new AbortController().signal, {}, directory.fd);
      expect(await verdict.catch((error: NodeJS.ErrnoException) => error.code)).to.equal('EISDIR');
    } finally {
      await directory.close();
    }
  });
});
