import { readFileSync } from 'node:fs';
import { psql } from './psql.js';

/** Size of a clinic without patients, in bytes: PostgreSQL's own catalogues, large objects, one page of each table. */
const EMPTY_BYTES = 9_500_000;
/** What one patient adds to pg_database_size with everything that belongs to it, in bytes; measured at 20 MB to 1 GB. */
const BYTES_PER_PATIENT = 8_450;

export interface ClinicStep {
  /** What is made now: a table's name, `keys`, `indexes`, … */
  readonly name: string;
  /** Its place among all steps, from 1. */
  readonly number: number;
  readonly of: number;
}

export interface ClinicOptions {
  /** The size that pg_database_size shall come to, within about a tenth. */
  readonly bytes: number;
  readonly onProgress?: (step: ClinicStep) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fills an empty database with the synthetic clinic of `clinic/*.sql`. The same size gives the same rows.
 *
 * @param url of an existing empty database, as a superuser.
 */
export async function createClinic(url: string, options: ClinicOptions): Promise<void> {
  const script = ['schema', 'data', 'indexes'].map(readScript).join('\n');
  const of = script.match(/^\\echo step:/gm)?.length ?? 0;
  let number = 0;
  const onLine = (line: string) => {
    if (!line.startsWith('step: ')) return;
    number += 1;
    options.onProgress?.({ name: line.slice('step: '.length), number, of });
  };
  await psql(url, script, {
    variables: { patients: patientsFor(options.bytes) },
    onLine,
    signal: options.signal,
  });
}

function patientsFor(bytes: number): number {
  return Math.max(10, Math.round((bytes - EMPTY_BYTES) / BYTES_PER_PATIENT));
}

function readScript(name: string): string {
  return readFileSync(new URL(`clinic/${name}.sql`, import.meta.url), 'utf8');
}
