import { createHash, randomBytes } from 'node:crypto';
import { progress } from '@safekeep/shared/contracts/backup';
import { expect } from 'chai';
import { ProgressMeter } from '../../src/jobs/progress-meter.js';
import type { SourceContents } from '../../src/postgres/contents.js';

const MB = 1_000_000;

function contents(tables: number[], largeObjectBytes = 0): SourceContents {
  return {
    tables: tables.map((bytes, at) => ({
      oid: at + 1,
      schema: 'public',
      name: `t${at + 1}`,
      bytes,
      estimatedRows: bytes / 100,
    })),
    largeObjectBytes,
    largeObjects: largeObjectBytes > 0 ? 3 : 0,
  };
}

/** Reproducible numbers in [0, 1). */
function randomFrom(seed: string): () => number {
  let count = 0;
  return () => {
    count += 1;
    return createHash('sha256').update(`${seed}:${count}`).digest().readUInt32BE() / 2 ** 32;
  };
}

describe('the progress of a backup', () => {
  it('begins at 0 and is 99 when it publishes: 100 is for the finished backup alone', () => {
    const meter = new ProgressMeter(contents([10 * MB, 30 * MB]));
    expect(meter.read(0)).to.deep.equal({
      phase: 'snapshot',
      percent: 0,
      doneBytes: 0,
      totalBytes: 40 * MB,
      writtenBytes: 0,
      bytesPerSecond: 0,
      secondsLeft: null,
      table: null,
    });
    meter.enter('data', 0);
    for (const oid of [1, 2]) {
      meter.blockStarts(oid, `public.t${oid}`);
      meter.blockEnds();
    }
    expect(meter.read(5_000)).to.include({ percent: 99, doneBytes: 40 * MB, secondsLeft: 0 });
    meter.enter('publish', 5_000);
    expect(meter.read(5_000).percent).to.equal(99);
  });

  it('counts finished tables by their size, and tells throughput, time left and the current table', () => {
    const meter = new ProgressMeter(contents([10 * MB, 30 * MB]));
    meter.enter('data', 1_000);
    meter.blockStarts(1, 'public.t1');
    expect(meter.read(1_000)).to.include({
      table: 'public.t1',
      percent: 0,
      bytesPerSecond: 0,
      secondsLeft: null,
    });
    meter.blockBytes(2 * MB);
    meter.fileBytes(2 * MB);
    meter.blockEnds();
    expect(meter.read(3_000)).to.deep.equal({
      phase: 'data',
      percent: 25,
      doneBytes: 10 * MB,
      totalBytes: 40 * MB,
      writtenBytes: 2 * MB,
      bytesPerSecond: 5 * MB,
      secondsLeft: 6,
      table: null,
    });
  });

  it('goes on inside a table by the rows that the server has read', () => {
    const meter = new ProgressMeter(contents([10 * MB]));
    meter.enter('data', 0);
    meter.blockStarts(1, 'public.t1');
    meter.rowsCopied(1, 50_000);
    expect(meter.read(1_000).percent).to.equal(50);
    meter.rowsCopied(2, 100_000);
    expect(meter.read(1_000).percent, 'rows of another table').to.equal(50);
    meter.rowsCopied(1, 1_000_000);
    expect(meter.read(1_000).percent, 'more rows than estimated').to.equal(98);
  });

  it('goes on inside a table by compressed bytes where the server does not tell', () => {
    const meter = new ProgressMeter(contents([100 * MB, 100 * MB]));
    meter.enter('data', 0);
    meter.blockStarts(1, 'public.t1');
    meter.blockBytes(5 * MB);
    expect(meter.read(1_000).doneBytes, 'by the first guess').to.be.within(15 * MB, 25 * MB);
    meter.blockBytes(5 * MB);
    meter.blockEnds();
    meter.blockStarts(2, 'public.t2');
    meter.blockBytes(5 * MB);
    expect(meter.read(2_000).doneBytes, 'by the rate of the first').to.be.within(140 * MB, 150 * MB);
  });

  for (const [name, firstTables] of Object.entries({
    'an empty table': [0],
    'empty tables with a page each': [8192, 8192, 8192],
  })) {
    it(`does not stand still or leap inside a large table because ${name} came before it`, () => {
      const meter = new ProgressMeter(contents([...firstTables, 100 * MB]));
      meter.enter('data', 0);
      for (const at of firstTables.keys()) {
        meter.blockStarts(at + 1, 'empty');
        meter.blockBytes(15);
        meter.blockEnds();
      }
      meter.blockStarts(firstTables.length + 1, 'large');
      meter.blockBytes(5 * MB);
      expect(meter.read(1_000).percent).to.be.within(10, 40);
    });
  }

  it('counts large objects once, also where pg_dump puts them into several blocks', () => {
    const meter = new ProgressMeter(contents([10 * MB], 30 * MB));
    expect(meter.read(0).totalBytes).to.equal(40 * MB);
    meter.enter('data', 0);
    for (let block = 0; block < 3; block += 1) {
      meter.blockStarts(null, 'large objects');
      meter.blockBytes(MB);
      meter.blockEnds();
    }
    expect(meter.read(1_000).percent).to.equal(75);
  });

  it('leaves out the file of large objects where there are none: it is never quite empty', () => {
    const meter = new ProgressMeter({ tables: [], largeObjectBytes: 8192, largeObjects: 0 });
    expect(meter.read(0).totalBytes).to.equal(0);
  });

  it('has no figure that is not a number, with an empty database or a clock that stands or goes back', () => {
    for (const sizes of [[], [0], [0, 0]]) {
      const meter = new ProgressMeter(contents(sizes));
      for (const now of [1_000, 1_000, 999, 0, 5_000]) {
        progress.parse(meter.read(now));
        meter.enter('data', now);
        meter.blockStarts(1, 'public.t1');
        meter.rowsCopied(1, 7);
        progress.parse(meter.read(now));
        meter.blockBytes(7);
        progress.parse(meter.read(now));
        meter.blockEnds();
      }
      expect(meter.read(9_000).percent).to.equal(0);
      meter.enter('publish', 9_000);
      expect(progress.parse(meter.read(9_000)).percent).to.equal(99);
    }
  });

  it('ignores bytes and ends outside of a block', () => {
    const meter = new ProgressMeter(contents([10 * MB]));
    meter.blockBytes(5);
    meter.blockEnds();
    meter.blockStarts(99, 'not in the snapshot');
    meter.blockBytes(5 * MB);
    meter.blockEnds();
    expect(meter.read(1_000)).to.include({ doneBytes: 0, percent: 0 });
  });

  const seed = randomBytes(6).toString('hex');
  it(`never goes back and never passes 99, whatever comes (200 databases, seed ${seed})`, () => {
    const random = randomFrom(seed);
    const upTo = (limit: number) => Math.floor(random() * limit);
    for (let database = 0; database < 200; database += 1) {
      const sizes = Array.from({ length: 1 + upTo(6) }, () => (random() < 0.3 ? 0 : upTo(50 * MB)));
      const meter = new ProgressMeter(contents(sizes, random() < 0.5 ? upTo(20 * MB) : 0));
      let last = { percent: 0, doneBytes: 0, writtenBytes: 0 };
      let now = 0;
      const look = () => {
        now += upTo(2_000);
        const seen = progress.parse(meter.read(now));
        expect(seen.percent).to.be.within(last.percent, 99);
        expect(seen.doneBytes).to.be.within(last.doneBytes, seen.totalBytes);
        expect(seen.writtenBytes).to.be.at.least(last.writtenBytes);
        last = seen;
      };
      meter.enter('schema', now);
      look();
      meter.enter('data', now);
      for (const oid of [...sizes.map((_, at) => at + 1), null, null]) {
        meter.blockStarts(oid, 'x');
        for (let step = 0; step < 5; step += 1) {
          const bytes = upTo(5 * MB);
          meter.blockBytes(bytes);
          meter.fileBytes(bytes);
          look();
          if (oid !== null && random() < 0.5) meter.rowsCopied(oid, upTo(1_000_000));
          look();
        }
        meter.blockEnds();
        look();
      }
      meter.enter('publish', now);
      look();
    }
  });
});
