// Writes archives that pg_dump never would, for tests of how the reader refuses them.

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

export function str(text: string | null): Buffer {
  return text === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(text)), Buffer.from(text)]);
}

export interface HeadOptions {
  minor?: number;
  major?: number;
  intSize?: number;
  offSize?: number;
  format?: number;
  algorithm?: number;
}

export function head(options: HeadOptions = {}): Buffer {
  const { major = 1, minor = 16, intSize = 4, offSize = 8, format = 1, algorithm = 0 } = options;
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([major, minor, 0, intSize, offSize, format, algorithm]),
    ...[1, 2, 3, 4, 5, 124, 0].map(int),
    str('db'),
    str('17.0'),
    str('17.0'),
  ]);
}

export interface EntryOptions {
  dumpId?: number;
  hasData?: number;
  oid?: string;
  tag?: string | null;
  desc?: string;
  section?: number;
  oids?: string;
  dependencies?: string[];
  flag?: number;
}

export function entry(options: EntryOptions = {}): Buffer {
  const { dumpId = 1, hasData = 1, oid = '16384', tag = 't', desc = 'TABLE DATA', section = 3 } = options;
  const { oids = 'false', dependencies = [], flag = hasData === 0 ? 3 : 1 } = options;
  return Buffer.concat([
    ...[int(dumpId), int(hasData), str('0'), str(oid), str(tag), str(desc), int(section)],
    ...[str(''), str(''), str('COPY t FROM stdin;\n'), str('public'), str(''), str(null)],
    ...[int(114), str('me'), str(oids), ...dependencies.map(str), str(null)],
    Buffer.concat([Buffer.from([flag]), Buffer.alloc(8)]),
  ]);
}

export function toc(...entries: Buffer[]): Buffer {
  return Buffer.concat([int(entries.length), ...entries]);
}

/** A data block of `type` for `dumpId` with the chunks given; type 1 is a table's data. */
export function block(dumpId: number, chunks: string[], type = 1): Buffer {
  return Buffer.concat([Buffer.from([type]), int(dumpId), ...chunks.map(str), int(0)]);
}

/** A table's data block whose one chunk is `stored`. */
export function tableData(dumpId: number, stored: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1]), int(dumpId), int(stored.length), stored, int(0)]);
}
