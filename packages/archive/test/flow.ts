import { type Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError, type ArchiveErrorCode } from '../src/archive-error.js';

/** What comes out when `input` has flowed through `stages`, chunk by chunk as given. */
export async function flow(input: Buffer | Iterable<Buffer>, ...stages: Duplex[]): Promise<Buffer> {
  const out: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.push(chunk);
      done();
    },
  });
  const source = Readable.from(Buffer.isBuffer(input) ? [input] : input, { objectMode: false });
  await pipeline([source, ...stages, sink]);
  return Buffer.concat(out);
}

/** `bytes` cut into pieces of `size`. */
export function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The code that `attempt` fails with, or 'none'. Whatever is not an ArchiveError fails the test. */
export async function codeOf(
  attempt: Promise<unknown> | (() => unknown),
): Promise<ArchiveErrorCode | 'none'> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
    return 'none';
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
}
