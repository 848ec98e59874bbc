import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { psql } from '../demo/psql.js';

/** Where figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly postgres: string;
  readonly node: string;
  readonly openssl: string;
  /** Its version; `null` where it takes no part. */
  readonly pgBackRest: string | null;
}

export async function describeMachine(url: string, pgBackRest: string | null): Promise<Machine> {
  const processors = cpus();
  const openssl = execFileSync('openssl', ['version'], { encoding: 'utf8' });
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: release(),
    postgres: await psql(url, 'SHOW server_version'),
    node: process.version,
    openssl: openssl.split(' ').slice(0, 2).join(' '),
    pgBackRest,
  };
}
