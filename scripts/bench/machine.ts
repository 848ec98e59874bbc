import { cpus, totalmem } from 'node:os';
import { psql } from '../demo/psql.js';

/** Where figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly postgres: string;
  readonly node: string;
}

export async function describeMachine(url: string): Promise<Machine> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    postgres: await psql(url, 'SHOW server_version'),
    node: process.version,
  };
}
