// A reader of backups made from docs/BACKUP_FORMAT.md alone. It shares no code with the package, so that its test shows that
// the document is enough to write one. It holds everything in memory and asks for no mercy: it is no model for a product.

import { createDecipheriv, createHash, createHmac, hkdfSync, pbkdf2Sync } from 'node:crypto';
import { gunzipSync, inflateSync } from 'node:zlib';

/** "The sidecar": canonical JSON, key id, HMAC; then size and checksum of the file. */
export function checkSidecar(text: string, file: Buffer, passphrase: string) {
  const { hmac, ...body } = JSON.parse(text);
  const derive = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', passphrase, '', info, bytes));
  if (canonical({ ...body, hmac }) !== text.replace(/\n$/, '')) throw new Error('not canonical');
  if (derive('safekeep/key-id/v1', 8).toString('hex') !== body.keyId) throw new Error('another key');
  const mac = createHmac('sha256', derive('safekeep/mac/v1', 32)).update(canonical(body)).digest('hex');
  if (mac !== hmac) throw new Error('not authentic');
  if (file.length !== body.size) throw new Error('another size');
  if (createHash('sha256').update(file).digest('hex') !== body.checksum) throw new Error('another checksum');
  return body;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  // `<` compares UTF-16 code units, which is what RFC 8785 asks for.
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

/** "The backup file: gzip, seal, archive". */
export function openBackup(file: Buffer, passphrase: string): Buffer {
  const sealed = gunzipSync(file);
  if (sealed.subarray(0, 8).toString('latin1') !== 'Salted__') throw new Error('not sealed');
  const secret = pbkdf2Sync(passphrase, sealed.subarray(8, 16), 10_000, 48, 'sha256');
  const decipher = createDecipheriv('aes-256-cbc', secret.subarray(0, 32), secret.subarray(32));
  return Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]);
}

/** "The archive: pg_dump's custom format". */
export function readArchive(archive: Buffer) {
  let at = 0;
  const bytes = (length: number) => {
    if (at + length > archive.length) throw new Error('cut short');
    at += length;
    return archive.subarray(at - length, at);
  };
  const byte = () => bytes(1).readUInt8();
  const int = () => {
    const negative = byte();
    const magnitude = bytes(4).readUInt32LE();
    return negative === 1 ? -magnitude : magnitude;
  };
  const str = (): string | null => {
    const length = int();
    return length === -1 ? null : bytes(length).toString('utf8');
  };
  const strs = (number: number) => Array.from({ length: number }, str);

  if (bytes(5).toString('latin1') !== 'PGDMP') throw new Error('no archive');
  const [major, minor = 0] = bytes(3);
  if (major !== 1 || byte() !== 4 || byte() !== 8 || byte() !== 1) throw new Error('another kind of archive');
  const level = minor >= 15 ? byte() : int();
  const algorithm = minor >= 15 ? ['none', 'gzip', 'lz4', 'zstd'][level] : level === 0 ? 'none' : 'gzip';
  for (let number = 0; number < 7; number += 1) int();
  const [database, serverVersion, dumpVersion] = strs(3);

  const entries = Array.from({ length: int() }, () => {
    const entry = { dumpId: int(), hasData: int() === 1 };
    const [, , tag, desc] = strs(4);
    const section = int();
    const [defn, drop, copy, namespace] = strs(4);
    strs(2);
    if (minor >= 16) int();
    const [owner] = strs(2);
    const dependencies: number[] = [];
    for (let id = str(); id !== null; id = str()) dependencies.push(Number(id));
    const flag = bytes(9).readUInt8();
    if ((flag !== 3) !== entry.hasData) throw new Error('contradiction');
    return { ...entry, tag, desc, section, defn, drop, copy, namespace, owner, dependencies };
  });

  const data = () => {
    const chunks: Buffer[] = [];
    for (let length = int(); length !== 0; length = int()) chunks.push(bytes(length));
    const stored = Buffer.concat(chunks);
    if (algorithm === 'none') return stored;
    return algorithm === 'gzip' ? inflateSync(stored) : null;
  };
  const tables = new Map<string, Buffer | null>();
  const largeObjects = new Map<number, Buffer | null>();
  while (at < archive.length) {
    const type = byte();
    const dumpId = int();
    const entry = entries.find((entry) => entry.dumpId === dumpId && entry.hasData);
    if (type === 1 && entry?.desc === 'TABLE DATA') tables.set(`${entry.namespace}.${entry.tag}`, data());
    else if (type === 3 && entry?.desc === 'BLOBS')
      for (let oid = int(); oid !== 0; oid = int()) largeObjects.set(oid < 0 ? 2 ** 32 + oid : oid, data());
    else throw new Error('an unknown block');
  }
  return { algorithm, database, serverVersion, dumpVersion, entries, tables, largeObjects };
}
