import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fail } from '../errors.js';
import { errorCode } from '../logger.js';
import { finalNameOf, PROBE } from './backup-names.js';
import type { BackupStorage, DirectoryEntry, StoredFile } from './contract.js';
import { translate, unlessGone, unusable } from './directory-errors.js';
import { KINDS, kindOf } from './entry-kind.js';
import { contentOf } from './file-content.js';

/** A probe that is older than this was left by a process that was killed, in milliseconds. */
const PROBE_LIFE = 10_000;

/** Backup files in a local or mounted directory. Publishes with `link`, which never overwrites. */
export class LocalStorage implements BackupStorage {
  readonly #root: string;
  readonly #directory: string;

  /** Source `main` writes to `root` itself, any other to a folder of its name below it. */
  constructor(root: string, source: string) {
    this.#root = root;
    this.#directory = source === 'main' ? root : join(root, source);
  }

  async check(): Promise<void> {
    // The root is never made: a directory that is not mounted must not be taken for an empty one.
    await this.#checkDirectory(this.#root);
    if (this.#directory !== this.#root) await this.#makeSourceFolder();
    await this.#checkDirectory(this.#directory);
    await this.#probe();
  }

  async #makeSourceFolder(): Promise<void> {
    try {
      await mkdir(this.#directory, { mode: 0o750 });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw translate(error, this.#directory);
      // A link could lead out of the volume that is meant for backups.
      if ((await lstat(this.#directory)).isSymbolicLink())
        throw unusable(this.#directory, 'it is a symbolic link (mount a volume there instead)');
    }
  }

  async #checkDirectory(directory: string): Promise<void> {
    try {
      if (!(await stat(directory)).isDirectory()) throw unusable(directory, 'it is not a directory');
      await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw translate(error, directory);
    }
  }

  /** Permissions lie (read-only mounts, root): only a file that was written, linked and removed shows what can be done. */
  async #probe(): Promise<void> {
    const probe = join(this.#directory, `${PROBE}${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(probe, 'x', { flag: 'wx', mode: 0o600 });
      await link(probe, `${probe}-link`);
      await unlink(`${probe}-link`);
      await unlink(probe);
    } catch (error) {
      throw translate(error, this.#directory);
    } finally {
      for (const left of [probe, `${probe}-link`]) await rm(left, { force: true }).catch(() => {});
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize;
  }

  async totalBytes(): Promise<number> {
    const { blocks, bsize } = await statfs(this.#directory);
    return blocks * bsize;
  }

  async list(): Promise<DirectoryEntry[]> {
    try {
      const names = await readdir(this.#directory);
      const entries: DirectoryEntry[] = [];
      // One after the other: a directory may hold more names than there are descriptors.
      for (const name of names) {
        const facts = await lstat(join(this.#directory, name)).catch(unlessGone);
        if (facts === null) continue;
        entries.push({ name, kind: kindOf(facts), sizeBytes: facts.size, modifiedAt: facts.mtime });
      }
      return entries;
    } catch (error) {
      throw translate(error, this.#directory);
    }
  }

  async isTaken(name: string): Promise<boolean> {
    return (await exists(this.#final(name))) || (await exists(this.#partial(name)));
  }

  async create(name: string): Promise<Writable> {
    try {
      const handle = await open(this.#partial(name), 'wx', 0o640);
      return handle.createWriteStream({ flush: true, highWaterMark: 1 << 20 });
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw fail('FILE_NAME_TAKEN', { file: name }, error);
      throw translate(error, this.#directory);
    }
  }

  explain(error: unknown): unknown {
    return translate(error, this.#directory);
  }

  async publish(names: readonly string[]): Promise<void> {
    const sidecar = names.at(-1);
    const visible: string[] = [];
    try {
      for (const name of names) {
        // What the sidecar vouches for is durable under its name before the sidecar is.
        if (name === sidecar) await this.#syncDirectory();
        await this.#link(name);
        visible.unshift(name);
      }
      await this.#syncDirectory();
    } catch (error) {
      for (const name of visible) await this.remove(name);
      throw error;
    }
    // What is published is published: a hidden name that stays is swept later.
    await this.discard(names).catch(() => {});
  }

  async #link(name: string): Promise<void> {
    try {
      await link(this.#partial(name), this.#final(name));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw fail('FILE_NAME_TAKEN', { file: name }, error);
      // A successor swept this run's hidden files: the run is fenced.
      if (errorCode(error) === 'ENOENT') throw fail('RUN_FENCED', {}, error);
      throw translate(error, this.#directory);
    }
  }

  async read(name: string): Promise<string | null> {
    const file = await this.open(name);
    if (file === null) return null;
    try {
      return await text(file.read());
    } finally {
      await file.close();
    }
  }

  async open(name: string): Promise<StoredFile | null> {
    try {
      const handle = await open(
        this.#final(name),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      const facts = await handle.stat();
      if (!facts.isFile()) {
        await handle.close();
        throw fail('FILE_STRANGE', { file: name, what: KINDS[kindOf(facts)] });
      }
      const read = () => Readable.from(contentOf(handle), { objectMode: false });
      return { size: facts.size, descriptor: handle.fd, read, close: () => handle.close() };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      if (errorCode(error) === 'ELOOP') throw fail('FILE_STRANGE', { file: name, what: KINDS.link }, error);
      throw translate(error, this.#directory);
    }
  }

  async discard(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.#partial(name), { force: true });
  }

  async listPartials(): Promise<string[]> {
    try {
      const entries = await readdir(this.#directory, { withFileTypes: true });
      // Safekeep makes plain files only; a folder or a link of such a name is a stranger's.
      const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      const left: string[] = [];
      for (const name of files) if (isSwept(name) || (await this.#isOldProbe(name))) left.push(name);
      return left;
    } catch (error) {
      throw translate(error, this.#directory);
    }
  }

  async sweepPartials(): Promise<string[]> {
    const partials = await this.listPartials();
    for (const name of partials) await rm(join(this.#directory, name), { force: true });
    return partials;
  }

  /** Whoever looks at a directory makes one, at any time; a living one is gone within moments. */
  async #isOldProbe(name: string): Promise<boolean> {
    if (!name.startsWith(PROBE)) return false;
    const facts = await lstat(join(this.#directory, name)).catch(unlessGone);
    return facts !== null && Date.now() - facts.mtimeMs > PROBE_LIFE;
  }

  async remove(name: string): Promise<void> {
    await unlink(this.#final(name)).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw translate(error, this.#directory);
    });
  }

  async removeInOrder(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const facts = await lstat(this.#final(name)).catch(unlessGone);
      if (facts === null) continue;
      const kind = kindOf(facts);
      if (kind !== 'file') throw fail('FILE_STRANGE', { file: name, what: KINDS[kind] });
      await this.remove(name);
      await this.#syncDirectory();
    }
  }

  async #syncDirectory(): Promise<void> {
    const handle = await open(this.#directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  #final(name: string): string {
    return join(this.#directory, name);
  }

  #partial(name: string): string {
    return join(this.#directory, `.${name}.partial`);
  }
}

/** An emergency backup is no run's: its process may live, whoever writes for the source. */
function isSwept(name: string): boolean {
  const final = finalNameOf(name);
  return final !== null && !final.startsWith('emergency_');
}

/** Also a link that leads nowhere takes its name. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
