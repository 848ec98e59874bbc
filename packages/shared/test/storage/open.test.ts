import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { LocalStorage } from '../../src/storage/local.js';

describe('an open backup file', () => {
  it('can be read again from its begin after a reading was broken off', async () => {
    const root = await scratchFolder('safekeep-open');
    const content = randomBytes(3_000_001);
    writeFileSync(join(root, 'file'), content);
    const file = await new LocalStorage(root, 'main').open('file');
    expect(file?.size).to.equal(content.length);
    for (let round = 0; round < 3; round += 1) {
      const stream = file?.read();
      for await (const piece of stream ?? []) {
        expect((piece as Buffer).length).to.be.above(0);
        break;
      }
      expect(stream?.destroyed).to.equal(true);
      expect((await buffer(file?.read() as NodeJS.ReadableStream)).equals(content)).to.equal(true);
    }
    await file?.close();
  });

  it('is no link, no directory, and nothing where there is none', async () => {
    const root = await scratchFolder('safekeep-open');
    const storage = new LocalStorage(root, 'main');
    mkdirSync(join(root, 'directory'));
    symlinkSync('/etc/hostname', join(root, 'link'));
    const codeOf = (name: string) => storage.open(name).then(null, (error: { code: string }) => error.code);
    expect(await codeOf('directory')).to.equal('FILE_STRANGE');
    expect(await codeOf('link')).to.equal('FILE_STRANGE');
    expect(await storage.open('nothing')).to.equal(null);
  });
});
