import { expect } from 'chai';
import type { TocEntry } from '../src/custom-format/toc.js';
import { createWalker, type WalkObserver } from '../src/walk.js';
import { flow, pieces } from './flow.js';
import { asVersion115, GOLDEN, golden } from './golden.js';

const VERSION = /^pg(\d+)-(none|plain|seekable|gzip|zstd|lz4)/;

async function walk(archive: Buffer, observer: WalkObserver = {}, pieceSize = 65_536) {
  const walker = createWalker(observer);
  const out = await flow(pieces(archive, pieceSize), walker);
  expect(out.equals(archive), 'passes the bytes on unchanged').to.equal(true);
  return walker.summary();
}

/** Everything an observer is told, with the byte reports of one block added up. */
async function story(archive: Buffer, pieceSize: number): Promise<string[]> {
  const lines: string[] = [];
  let bytes = 0;
  await walk(
    archive,
    {
      onToc: (head, entries) => lines.push(`${head.database} ${entries.length}`),
      onBlockStart: (entry) => {
        bytes = 0;
        lines.push(`start ${entry.desc} ${entry.tag}`);
      },
      onBytes: (_entry, more) => {
        bytes += more;
      },
      onBlockEnd: (entry) => lines.push(`end ${entry.tag} ${bytes}`),
    },
    pieceSize,
  );
  return lines;
}

function find(entries: readonly TocEntry[], desc: string, tag: string): TocEntry | undefined {
  return entries.find((entry) => entry.desc === desc && entry.tag === tag);
}

describe('walking a golden archive', () => {
  for (const name of GOLDEN) {
    it(`reads ${name} to its end`, async () => {
      const archive = golden(name);
      const { head, entries, dataBlocks, bytes } = await walk(archive);
      const [, major = '', compression] = VERSION.exec(name) ?? [];
      expect(head.version).to.deep.equal({ major: 1, minor: major === '15' ? 14 : 16, revision: 0 });
      expect(head.database).to.equal('golden');
      expect(head.dumpVersion).to.match(new RegExp(`^${major}\\.`));
      const algorithm = compression === 'plain' ? 'none' : compression === 'seekable' ? 'gzip' : compression;
      expect(head.compression.algorithm).to.equal(algorithm);
      expect(bytes).to.equal(archive.length);
      expect(dataBlocks).to.equal(4);
      expect(entries.filter((entry) => entry.hasData).map((entry) => entry.desc)).to.have.members([
        'TABLE DATA',
        'TABLE DATA',
        'TABLE DATA',
        'BLOBS',
      ]);
    });
  }

  it('reads what pg_dump says about a table', async () => {
    for (const name of GOLDEN) {
      const { entries } = await walk(golden(name));
      const table = find(entries, 'TABLE', 'patient');
      expect(table).to.deep.include({ hasData: false, catalogTableOid: 1259, section: 2 });
      expect(table).to.deep.include({ namespace: 'clinic', tablespace: '', tableAccessMethod: 'heap' });
      expect(table?.defn).to.match(/^CREATE TABLE clinic\.patient \(/);
      expect(table?.dropStmt).to.equal('DROP TABLE clinic.patient;\n');
      expect(table?.relkind).to.equal(name.startsWith('pg15') ? undefined : 'r'.charCodeAt(0));
      const data = find(entries, 'TABLE DATA', 'patient');
      expect(data).to.deep.include({ hasData: true, section: 3, owner: 'postgres', tableAccessMethod: null });
      expect(data?.copyStmt).to.equal('COPY clinic.patient (id, name, blood) FROM stdin;\n');
      expect(data?.dependencies).to.include(table?.dumpId);
      const comment = entries.find((entry) => entry.desc === 'COMMENT');
      expect(comment?.defn).to.contain('Ärzte & Patienten');
    }
  });

  it('reads the level of compression and the time where the archive has them', async () => {
    const { head } = await walk(golden('pg15-gzip9.pgdump'));
    expect(head.compression).to.deep.equal({ algorithm: 'gzip', level: 9 });
    expect(head.createdAt).to.include({ year: 2026, month: 11, day: 24 });
    expect((await walk(golden('pg17-gzip9.pgdump'))).head.compression).to.deep.equal({ algorithm: 'gzip' });
  });

  it('reads version 1.15 as it reads 1.14', async () => {
    for (const name of ['pg15-gzip9.pgdump', 'pg15-plain.pgdump']) {
      const older = await walk(golden(name));
      const newer = await walk(asVersion115(golden(name)));
      expect(newer.head.version.minor).to.equal(15);
      expect(newer.head.compression).to.deep.equal({ algorithm: older.head.compression.algorithm });
      expect(newer.entries).to.deep.equal(older.entries);
    }
  });

  it('tells the same story however the bytes are cut', async () => {
    for (const name of GOLDEN) {
      const whole = await story(golden(name), 2 ** 20);
      expect(whole).to.have.length(9);
      for (const size of [1, 2, 7, 4093]) expect(await story(golden(name), size)).to.deep.equal(whole);
    }
  });

  it('counts payload, not framing: an uncompressed table is as long as its COPY text', async () => {
    const lines = await story(golden('pg15-plain.pgdump'), 512);
    const copyText = '1\tInvented One\tA\n2\tInvented Two\t0\n3\tErfundene Drei\t\\N\n\\.\n\n\n';
    expect(lines).to.include(`end patient ${copyText.length}`);
    expect(lines).to.include(`end BLOBS ${4 + 500}`);
  });

  it('has no summary before the end', () => {
    expect(() => createWalker().summary()).to.throw('not known');
  });

  it('ends with the error that an observer throws', async () => {
    const stop = new Error('stop here');
    const observer = {
      onBlockStart: () => {
        throw stop;
      },
    };
    const error = await walk(golden('pg15-gzip9.pgdump'), observer).catch((caught: unknown) => caught);
    expect(error).to.equal(stop);
  });
});
