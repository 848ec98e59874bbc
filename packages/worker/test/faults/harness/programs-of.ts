import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '../../process/world.js';
import type { FaultWorld } from './fault-world.js';

/** PostgreSQL's programs that run on the world's servers, also through its network. */
export function programsOf(world: World): { pid: number; name: string }[] {
  const proxies = Object.values((world as Partial<FaultWorld>).network ?? {}).map(({ port }) => port);
  return programsOn(world.postgres.port, world.sourceServer.port, ...proxies);
}

/** PostgreSQL's programs that are connected to a server by one of these ports; their arguments do not tell. */
export function programsOn(...ports: readonly number[]): { pid: number; name: string }[] {
  const wanted = ports.map((port) => `PGPORT=${port}`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const name = readFileSync(`/proc/${entry}/comm`, 'latin1').trim();
        if (!/^pg_(dump|dumpall|restore)$/.test(name)) return [];
        const variables = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
        return wanted.some((port) => variables.includes(port)) ? [{ pid: Number(entry), name }] : [];
      } catch {
        return [];
      }
    });
}
