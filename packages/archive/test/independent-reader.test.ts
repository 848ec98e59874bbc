import { expect } from 'chai';
import { canonicalJson } from '../src/canonical-json.js';
import { createWalker } from '../src/walk.js';
import { described, PASSPHRASE, seal } from './described-backup.js';
import { flow } from './flow.js';
import { GOLDEN, golden } from './golden.js';
import { checkSidecar, openBackup, readArchive } from './independent-reader.js';

const FACTS = ['dumpId', 'hasData', 'tag', 'desc', 'section', 'defn', 'namespace', 'owner', 'dependencies'];

describe('a reader made from docs/BACKUP_FORMAT.md alone', () => {
  for (const name of GOLDEN) {
    it(`finds the same in ${name} as ours`, async () => {
      const walker = createWalker();
      await flow(golden(name), walker);
      const ours = walker.summary();
      const theirs = readArchive(golden(name));
      expect(theirs.algorithm).to.equal(ours.head.compression.algorithm);
      expect(theirs.dumpVersion).to.equal(ours.head.dumpVersion);
      const facts = (entry: object) => FACTS.map((name) => Reflect.get(entry, name) as unknown);
      expect(theirs.entries.map(facts)).to.deep.equal(ours.entries.map(facts));
      expect([...theirs.tables.keys()]).to.have.members([
        'clinic.never_filled',
        'clinic.patient',
        'clinic.visit',
      ]);
      expect([...theirs.largeObjects.keys()]).to.have.members([100_001, 100_002, 3_000_000_000]);
    });
  }

  it('opens a backup file by its sidecar and gives rows and large objects', async () => {
    for (const name of GOLDEN.filter((name) => /gzip|plain|seekable/.test(name))) {
      const file = await seal(golden(name));
      const sidecar = `${canonicalJson(described(file, golden(name)))}\n`;
      const { archiveSize } = checkSidecar(sidecar, file, PASSPHRASE);
      const archive = openBackup(file, PASSPHRASE);
      expect(archive.length).to.equal(archiveSize);
      const { tables, largeObjects } = readArchive(archive);
      expect(tables.get('clinic.patient')?.toString()).to.equal(
        '1\tInvented One\tA\n2\tInvented Two\t0\n3\tErfundene Drei\t\\N\n\\.\n\n\n',
      );
      expect(tables.get('clinic.never_filled')?.toString()).to.equal('\\.\n\n\n');
      expect(largeObjects.get(100_001)?.toString('hex')).to.equal('00112233');
      expect(largeObjects.get(100_002)?.length).to.equal(0);
      expect(largeObjects.get(3_000_000_000)?.toString()).to.equal('scan '.repeat(100));
    }
  });

  it('believes neither a sidecar that was changed nor one with another key or file', async () => {
    const file = await seal(golden('pg15-gzip9.pgdump'));
    const sidecar = canonicalJson(described(file, golden('pg15-gzip9.pgdump')));
    const changed = sidecar.replace('"rows":60', '"rows":61');
    expect(() => checkSidecar(changed, file, PASSPHRASE)).to.throw('not authentic');
    expect(() => checkSidecar(sidecar, file, `${PASSPHRASE}!`)).to.throw('another key');
    expect(() => checkSidecar(sidecar, file.subarray(1), PASSPHRASE)).to.throw('another size');
    expect(() => checkSidecar(sidecar, Buffer.from(file).fill(0, 99, 100), PASSPHRASE)).to.throw('checksum');
  });
});
