import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ManifestTable } from '../src/manifest-schema.js';
import { openManifest } from '../src/read-manifest.js';
import { MAX_LINE_BYTES, manifestLines } from '../src/write-manifest.js';

const HEAD = {
  backupId: randomUUID(),
  schemaHash: 'a'.repeat(64),
  durable: true,
  largeObjects: { count: 2, remarks: 0, pages: 3, sum: null },
};

function table(oid: number, over: Partial<ManifestTable> = {}): ManifestTable {
  const chunking = { column: 'ü', asText: true, type: 'text', bounds: '{"a\nb","ü"}' };
  const key = {
    columns: [{ name: 'ü', equals: 'OPERATOR(pg_catalog.=)' }],
    chunking,
    chunks: [[0, 2, '-7', '9'] as [number, number, string, string]],
  };
  const at = { kind: 'table' as const, schema: 'public', name: `t${oid}`, oid, accessMethod: 'heap' };
  return { ...at, rows: 2, sum: '-12', key, ...over };
}

async function* each<T>(things: readonly T[]): AsyncGenerator<T> {
  yield* things;
}

async function textOf(tables: readonly ManifestTable[]): Promise<string> {
  let text = '';
  for await (const line of manifestLines(HEAD, each(tables))) text += line;
  return text;
}

async function read(text: string | Buffer, piece = 7) {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, at) =>
    bytes.subarray(at * piece, (at + 1) * piece),
  );
  const { head, tables } = await openManifest(each(pieces));
  const found: ManifestTable[] = [];
  for await (const one of tables) found.push(one);
  return { head, tables: found };
}

async function refusal(text: string, piece?: number): Promise<string> {
  const error = await read(text, piece).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).to.have.property('code', 'MANIFEST_BROKEN');
  return (error as Error).message;
}

describe('a manifest', () => {
  it('is read as it was written, however it is cut into pieces', async () => {
    const tables = [table(1), table(2, { key: null }), table(3)];
    const text = await textOf(tables);
    for (const piece of [1, 7, 64, 1_000_000]) {
      const found = await read(text, piece);
      expect(found.head).to.deep.equal({ kind: 'head', version: 1, ...HEAD });
      expect(found.tables).to.deep.equal(tables);
    }
    expect((await read(await textOf([]))).tables).to.deep.equal([]);
  });

  it('that is cut short anywhere is refused', async () => {
    const text = await textOf([table(1), table(2)]);
    const bytes = Buffer.from(text);
    for (let length = 0; length < bytes.length; length += 1) {
      await refusal(bytes.subarray(0, length).toString('latin1'), 50);
    }
  });

  it('that says something else than it should is refused, without a word of it', async () => {
    const [head = '', first = '', second = '', end = ''] = (await textOf([table(1), table(2)])).split('\n');
    const whole = (...lines: string[]) => `${lines.join('\n')}\n`;
    const refused: [what: RegExp, text: string][] = [
      [/empty/, ''],
      [/no JSON/, whole('secret')],
      [/version/, whole(first, end)],
      [/version/, whole(head.replace('"version":1', '"version":2'), first, second, end)],
      [/head breaks the schema at schemaHash/, whole(head.replace(/aaaa+/, 'secret'), end)],
      [/table 1 breaks the schema at oid/, whole(head, first.replace('"oid":1', '"oid":-1'), second, end)],
      [/table 1 breaks/, whole(head, head, first, second, end)],
      [/table 1 breaks .*itself/, whole(head, first.replace('{', '{"more":1,'), second, end)],
      [/table 1 breaks .*chunks/, whole(head, first.replace('"-7"', '"seven"'), second, end)],
      [/counts other/, whole(head, first, end)],
      [/occurs twice/, whole(head, first, first, end)],
      [/occurs twice/, whole(head, first, first.replace('"oid":1', '"oid":7'), end)],
      [/behind its end/, whole(head, first, second, end, first)],
      [/no end/, whole(head, first, second)],
      [/inside a line/, whole(head, first, second, end).slice(0, -1)],
    ];
    for (const [what, text] of refused) {
      const message = await refusal(text);
      expect(message).to.match(what);
      expect(message).to.not.contain('secret');
    }
  });

  it('with an endless line is refused before it is held', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(64 * 1024, 'x');
    }
    const error = await openManifest(endless()).then(null, (reason: unknown) => reason);
    expect(error).to.have.property('code', 'MANIFEST_BROKEN');
    expect(String(error)).to.contain(String(MAX_LINE_BYTES));
  });

  it('is not written where nobody could read it', async () => {
    const unwritable = [
      table(1, { name: 'x'.repeat(MAX_LINE_BYTES) }),
      table(1, { sum: 'NaN' }),
      table(1, { oid: 0 }),
    ];
    for (const one of unwritable) {
      const error = await textOf([one]).then(null, (reason: unknown) => reason);
      expect(error).to.have.property('code', 'MANIFEST_BROKEN');
    }
  });
});
