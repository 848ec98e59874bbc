import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { intBytes } from '../src/custom-format/write-primitives.js';
import {
  createDeflatePool,
  type DeflatePool,
  DeflateThreadError,
} from '../src/parallel-gzip/deflate-pool.js';
import { createRecompressor } from '../src/parallel-gzip/recompress.js';
import { createWalker } from '../src/walk.js';
import { block, entry, head, int, toc } from './custom-format-writer.js';
import { codeOf, flow } from './flow.js';
import { GOLDEN, golden } from './golden.js';

const BEGIN = Buffer.concat([head(), toc(entry({ dumpId: 1 })), Buffer.from([1]), intBytes(1)]);
const END = intBytes(0);
const LINE = Buffer.from(`${'some text of a row that repeats\t'.repeat(40)}\n`);
const CHUNK = Buffer.concat([intBytes(LINE.length), LINE]);
/** 64 KiB of rows. */
const ROWS = Buffer.concat(Array.from({ length: 50 }, () => CHUNK));

/** An archive with one table, and `turns` times the rows. */
function* endless(turns: number): Generator<Buffer> {
  yield BEGIN;
  for (let at = 0; at < turns; at += 1) yield ROWS;
  yield END;
}

const archiveStream = (turns: number) => Readable.from(endless(turns), { objectMode: false });

/** The threads that a piece of work starts. */
async function threadsOf<T>(work: (threads: Worker[]) => Promise<T>): Promise<T> {
  const threads: Worker[] = [];
  const add = (thread: Worker) => void threads.push(thread);
  process.on('worker', add);
  try {
    return await work(threads);
  } finally {
    process.off('worker', add);
  }
}

describe('compressing an archive that is wrong', () => {
  const pool = createDeflatePool(2);
  after(() => pool.close());
  const compress = (bytes: Buffer) => codeOf(flow(bytes, createRecompressor({ pool, level: 6 })));
  const walk = (bytes: Buffer) => codeOf(flow(bytes, createWalker()));

  const negative = Buffer.from([1, 7, 0, 0, 0]);
  const lies: Record<string, Buffer> = {
    'a chunk with a negative length': Buffer.concat([BEGIN, CHUNK, negative, END]),
    'a chunk that is longer than the archive': Buffer.concat([BEGIN, CHUNK, intBytes(2 ** 31 - 1), LINE]),
    'a length that is no number': Buffer.concat([BEGIN, CHUNK, Buffer.from([0, 255, 255, 255, 255]), LINE]),
    'a sign that is none': Buffer.concat([BEGIN, CHUNK, Buffer.from([2, 5, 0, 0, 0]), LINE]),
    'no end of the rows': Buffer.concat([BEGIN, CHUNK]),
    'a block that nobody awaits': Buffer.concat([BEGIN, CHUNK, END, block(9, ['row'])]),
    'a block of another type': Buffer.concat([head(), toc(entry({ dumpId: 1 })), block(1, ['row'], 3)]),
    'a count of 0xFF bytes': Buffer.concat([head(), Buffer.alloc(5, 255)]),
    'two million entries': Buffer.concat([head(), int(2_000_001)]),
    'a block that is missing': Buffer.concat([
      head(),
      toc(entry({ dumpId: 1 }), entry({ dumpId: 2 })),
      block(1, ['a']),
    ]),
    'another magic': Buffer.from('PGDMQ, and a little more of it'),
    'nothing at all': Buffer.alloc(0),
  };
  for (const [what, bytes] of Object.entries(lies)) {
    it(`fails as walking it does: ${what}`, async () => {
      const code = await compress(bytes);
      expect(code).to.not.equal('none');
      expect(code).to.equal(await walk(bytes));
    });
  }

  it('refuses what is compressed already', async () => {
    for (const name of GOLDEN.filter((one) => !one.includes('plain'))) {
      expect(await compress(golden(name)), name).to.equal('ARCHIVE_UNSUPPORTED');
    }
  });

  it('never ends well where the archive is cut short, wherever that is', async () => {
    const archive = golden('pg15-plain.pgdump');
    for (let length = 0; length < archive.length; length += 61) {
      const code = await compress(archive.subarray(0, length));
      expect(code, `${length}`).to.be.oneOf(['ARCHIVE_TRUNCATED', 'ARCHIVE_MISSING_DATA']);
    }
  });

  it('ends with the error that an observer throws, also in the middle of the output', async () => {
    const stop = new Error('stop here');
    const throwing = () => {
      throw stop;
    };
    for (const observer of [{ onToc: throwing }, { onBlockEnd: throwing }, { onBytes: throwing }]) {
      const filter = createRecompressor({ pool, level: 1 }, observer);
      const error = await pipeline(archiveStream(100), filter, (out) => drain(out)).catch(
        (caught: unknown) => caught,
      );
      expect(error).to.equal(stop);
    }
  });
});

async function drain(out: AsyncIterable<Buffer>): Promise<void> {
  for await (const _piece of out);
}

describe('compressing an archive that does not come to its end', () => {
  let pool: DeflatePool;
  beforeEach(() => {
    pool = createDeflatePool(2);
  });
  afterEach(() => pool.close());

  it('waits for whoever reads it, and holds a few blocks until then', async () => {
    let asked = 0;
    let read = 0;
    let ahead = 0;
    // Longer than deflate's window, so that it gets no smaller though it repeats.
    const row = randomBytes(100_000);
    function* source() {
      yield BEGIN;
      for (let at = 0; at < 400; at += 1) {
        asked += row.length;
        yield Buffer.concat([intBytes(row.length), row]);
      }
      yield END;
    }
    const filter = createRecompressor({ pool, level: 1 });
    await pipeline(
      Readable.from(source(), { objectMode: false }),
      filter,
      async (out: AsyncIterable<Buffer>) => {
        for await (const piece of out) {
          // Whatever may run ahead does so meanwhile.
          for (let at = 0; at < 20; at += 1) await turn();
          ahead = Math.max(ahead, asked - read);
          read += piece.length;
        }
      },
    );
    expect(asked).to.equal(40_000_000);
    expect(ahead).to.be.lessThan((2 * pool.threads + 6) * 512 * 1024);
  });

  it('stops when it is told to, and another one goes on with the same threads', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const other = flow(endless(200), createRecompressor({ pool, level: 1 }));
    const filter = createRecompressor({ pool, level: 9 });
    const stopped = pipeline(archiveStream(1e9), filter, (out) => drain(out), { signal: stop.signal });
    await once(filter, 'readable');
    stop.abort(reason);
    const error = await stopped.catch((caught: unknown) => caught);
    expect((error as Error).cause).to.equal(reason);
    expect(filter.destroyed).to.equal(true);
    expect(() => filter.summary()).to.throw('not known');
    expect((await other).length).to.be.greaterThan(10_000);
  });

  it('fails when its source fails, with the error of the source', async () => {
    const broken = new Error('the source broke');
    async function* source() {
      yield BEGIN;
      for (let at = 0; at < 50; at += 1) yield ROWS;
      throw broken;
    }
    const filter = createRecompressor({ pool, level: 9 });
    const work = pipeline(Readable.from(source(), { objectMode: false }), filter, (out) => drain(out));
    expect(await work.catch((caught: unknown) => caught)).to.equal(broken);
  });

  it('fails with one clear error when a thread dies at work, and the next archive has new threads', async () => {
    await threadsOf(async (threads) => {
      const filter = createRecompressor({ pool, level: 9 });
      const work = pipeline(archiveStream(1e9), filter, async (out: AsyncIterable<Buffer>) => {
        for await (const _piece of out) await threads[0]?.terminate();
      });
      expect(await work.catch((caught: unknown) => caught)).to.be.instanceOf(DeflateThreadError);
    });
    expect((await flow(endless(20), createRecompressor({ pool, level: 1 }))).length).to.be.greaterThan(1_000);
  });

  it('fails when no thread can start: nobody waits for what never comes', async () => {
    const kill = (thread: Worker) => void thread.terminate();
    process.on('worker', kill);
    try {
      const works = [1, 2].map(() => flow(endless(200), createRecompressor({ pool, level: 1 })));
      const ends = await Promise.all(works.map((work) => work.catch((caught: unknown) => caught)));
      for (const end of ends) expect(end).to.be.instanceOf(DeflateThreadError);
    } finally {
      process.off('worker', kill);
    }
    expect((await flow(endless(20), createRecompressor({ pool, level: 1 }))).length).to.be.greaterThan(1_000);
  });

  it('fails when the pool is closed meanwhile', async () => {
    const filter = createRecompressor({ pool, level: 9 });
    const work = pipeline(archiveStream(1e9), filter, (out) => drain(out)).catch((caught: unknown) => caught);
    await once(filter, 'readable');
    await pool.close();
    expect(await work).to.be.instanceOf(DeflateThreadError);
  });

  it('starts no more threads than it may, none before there is work, and lets them go when there is none', async () => {
    await threadsOf(async (threads) => {
      createRecompressor({ pool, level: 1 });
      expect(threads).to.have.length(0);
      await Promise.all([1, 2].map(() => flow(endless(300), createRecompressor({ pool, level: 1 }))));
      expect(threads).to.have.length(2);
      await Promise.all(threads.map((thread) => once(thread, 'exit')));
    });
  });
});
