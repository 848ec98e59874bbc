import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createOpener } from '@safekeep/archive/open';
import { createSealer } from '@safekeep/archive/seal';
import { parseSidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import type { PromotionCode } from '../../src/incremental/promotion.js';
import type { SourceWorld } from './source-world.js';
import type { BackupFolder, TakenBackup } from './take-backups.js';

interface Forgery {
  readonly what: string;
  readonly code: PromotionCode;
  /** Another fact of the base's snapshot. */
  readonly snapshot?: (snapshot: SidecarBody['snapshot']) => Partial<SidecarBody['snapshot']>;
  /** Another text of its manifest. */
  readonly manifest?: (text: string) => string;
}

const later = (xmin: string, by: bigint) => ({ xmin: String(BigInt(xmin) + by) });

/** What cannot happen to a server of a test, a base says: it is authentic, and of another time or place. */
export const FORGERIES: readonly Forgery[] = [
  { what: 'another cluster', code: 'server-changed', snapshot: () => ({ systemIdentifier: '1' }) },
  { what: 'another timeline', code: 'server-changed', snapshot: () => ({ timeline: 77 }) },
  { what: 'a standby', code: 'server-changed', snapshot: () => ({ inRecovery: true }) },
  {
    what: 'an earlier start of the server',
    code: 'server-restarted',
    snapshot: () => ({ postmasterStartTime: '2020-01-01T00:00:00.000001Z' }),
  },
  { what: 'a later snapshot', code: 'server-changed', snapshot: ({ xmin }) => later(xmin, 1_000_000n) },
  {
    what: '2^31 transactions ago',
    code: 'too-many-transactions',
    snapshot: ({ xmin }) => later(xmin, -(2n ** 31n)),
  },
  {
    what: 'a log that was not written out',
    code: 'base-unusable',
    manifest: (text) => text.replace('"durable":true', '"durable":false'),
  },
];

/** Takes an incremental on a base that says one thing which is not so: it has to be a full, for that reason. */
export async function expectForgeryNoticed<T>(
  world: SourceWorld,
  folder: BackupFolder<T>,
  base: TakenBackup<T>,
  forgery: Forgery,
): Promise<void> {
  const key = folder.encryptionKey.reveal();
  const sidecarFile = `${base.file}.meta`;
  const sidecar = readFileSync(sidecarFile, 'utf8');
  const { hmac: _, ...body } = parseSidecar(sidecar, key);
  const named = body.companions.find(({ kind }) => kind === 'manifest');
  const manifestFile = join(folder.directory, named?.fileName ?? '');
  const manifest = readFileSync(manifestFile);
  const forged = forgery.manifest ? await altered(manifest, key, forgery.manifest) : manifest;
  const described = { size: forged.length, sha256: createHash('sha256').update(forged).digest('hex') };
  const companions = body.companions.map((one) => (one === named ? { ...one, ...described } : one));
  const snapshot = { ...body.snapshot, ...forgery.snapshot?.(body.snapshot) };
  try {
    writeFileSync(manifestFile, forged);
    writeFileSync(sidecarFile, serializeSidecar({ ...body, snapshot, companions }, key));
    const found = await folder.judge();
    if (found !== forgery.code) throw new Error(`a base of ${forgery.what}: ${found ?? 'built on'}`);
    world.tally.add('forged bases', forgery.what);
  } finally {
    writeFileSync(manifestFile, manifest);
    writeFileSync(sidecarFile, sidecar);
  }
}

async function altered(sealed: Buffer, key: string, alter: (text: string) => string): Promise<Buffer> {
  const text = await through(sealed, createOpener(key));
  return through(Buffer.from(alter(text.toString('utf8'))), createSealer(key));
}

async function through(bytes: Buffer, transform: NodeJS.ReadWriteStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of Readable.from([bytes]).pipe(transform)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
