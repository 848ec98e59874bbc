import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { canonicalJson } from '@safekeep/archive/canonical-json';
import type { Sidecar } from '@safekeep/archive/sidecar';
import type { BackupFiles } from '@safekeep/shared/storage/backup-names';
import type { Random } from '../../property/random.js';

/** Paths of the backup that somebody without the key tampers with, and of another one of its kind. */
export interface Forged {
  readonly target: BackupFiles;
  readonly other: BackupFiles;
}

/** What somebody who can write to the backup directory does, and how it must be found. */
export interface Forgery {
  readonly what: string;
  does(files: Forged, random: Random): void;
  readonly verdict: 'sidecar' | 'size' | 'companion';
  /** What a rebuild of the catalogue says of the sidecar; `null` when it has nothing to say. */
  readonly rebuild: RegExp | null;
}

const BLOCK = 16;
/** openssl's magic word and the salt. */
const HEAD = 16;

export const FORGERIES: readonly Forgery[] = [
  {
    what: 'blocks of its ciphertext cut out and nothing else',
    does: ({ target }, random) => void cutBlocks(target, random),
    verdict: 'size',
    rebuild: null,
  },
  {
    what: 'blocks of its ciphertext cut out, and size and sha256 in its sidecar made to fit',
    does: ({ target }, random) => {
      const data = cutBlocks(target, random);
      const checksum = createHash('sha256').update(data).digest('hex');
      editSidecar(target, (sidecar) => ({ ...sidecar, size: data.length, checksum }));
    },
    verdict: 'sidecar',
    rebuild: /HMAC does not fit/,
  },
  {
    what: 'a fact in its sidecar changed',
    does: ({ target }, random) => editSidecar(target, (sidecar) => random.pick(EDITS)(sidecar)),
    verdict: 'sidecar',
    rebuild: /HMAC does not fit/,
  },
  {
    what: 'a fact in its sidecar changed under an HMAC of another key',
    does: ({ target }, random) => {
      const hmac = createHash('sha256').update(String(random.salt())).digest('hex');
      editSidecar(target, (sidecar) => ({ ...random.pick(EDITS)(sidecar), hmac }));
    },
    verdict: 'sidecar',
    rebuild: /HMAC does not fit/,
  },
  {
    what: 'the id of another key in its sidecar',
    does: ({ target }, random) => {
      const keyId = createHash('sha256').update(String(random.salt())).digest('hex').slice(0, 16);
      editSidecar(target, (sidecar) => ({ ...sidecar, keyId }));
    },
    verdict: 'sidecar',
    rebuild: /another encryption key/,
  },
  {
    what: 'the sidecar of another backup',
    does: ({ target, other }) => copyFileSync(other.sidecar, target.sidecar),
    verdict: 'sidecar',
    rebuild: /it is the sidecar of/,
  },
  {
    what: 'the files of another backup under its names',
    does: ({ target, other }) => {
      for (const file of ['data', 'sidecar', 'globals'] as const) copyFileSync(other[file], target[file]);
    },
    verdict: 'sidecar',
    rebuild: /it is the sidecar of/,
  },
  {
    what: 'the roles of another backup',
    does: ({ target, other }) => copyFileSync(other.globals, target.globals),
    verdict: 'companion',
    rebuild: null,
  },
  {
    what: 'no sidecar',
    does: ({ target }) => rmSync(target.sidecar),
    verdict: 'sidecar',
    rebuild: null,
  },
];

type Edit = (sidecar: Sidecar) => Sidecar;

const EDITS: readonly Edit[] = [
  (sidecar) => ({
    ...sidecar,
    tables: sidecar.tables.map((table) => ({ ...table, rows: table.rows + 1 })),
  }),
  (sidecar) => ({ ...sidecar, tables: sidecar.tables.slice(1) }),
  (sidecar) => ({ ...sidecar, endedAt: new Date(Date.parse(sidecar.endedAt) + 1000).toISOString() }),
  (sidecar) => ({ ...sidecar, sequence: sidecar.sequence + 1 }),
  (sidecar) => ({ ...sidecar, companions: [] }),
  ({ fingerprint: _, ...sidecar }) => sidecar,
];

function cutBlocks({ data }: BackupFiles, random: Random): Buffer {
  const cipher = gunzipSync(readFileSync(data));
  const blocks = (cipher.length - HEAD) / BLOCK;
  const count = random.between(1, Math.min(20, blocks - 2));
  const at = HEAD + BLOCK * random.between(0, blocks - count - 1);
  const left = Buffer.concat([cipher.subarray(0, at), cipher.subarray(at + BLOCK * count)]);
  const framed = gzipSync(left, { level: 0 });
  writeFileSync(data, framed);
  return framed;
}

/** Writes a sidecar as Safekeep would, but for the HMAC, which nobody can make without the key. */
function editSidecar({ sidecar }: BackupFiles, edit: (sidecar: Sidecar) => object): void {
  writeFileSync(sidecar, `${canonicalJson(edit(JSON.parse(readFileSync(sidecar, 'utf8'))))}\n`);
}
