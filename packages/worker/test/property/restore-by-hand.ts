import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzipMember } from '@safekeep/archive/gunzip-member';
import { createOpener } from '@safekeep/archive/open';
import type { Secret } from '@safekeep/shared/config/secret';
import type { PostgresPrograms } from '../../src/postgres/program.js';

export interface Applied {
  readonly code: number;
  readonly errors: string;
}

/** Opens a backup file and gives it to pg_restore as a person would, without the product's own restore. */
export async function applyByHand(
  programs: PostgresPrograms,
  file: string,
  key: Secret,
  target: string,
): Promise<Applied> {
  const program = join(programs.directory, 'pg_restore');
  const child = spawn(program, [`--dbname=${target}`], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  await pipeline(createReadStream(file), createGunzipMember(), createOpener(key.reveal()), child.stdin).catch(
    (error: NodeJS.ErrnoException) => {
      // pg_restore stops reading when it gives up; its exit code tells.
      if (error.code !== 'EPIPE') throw error;
    },
  );
  const [code] = (await ended) as [number | null];
  return { code: code ?? -1, errors };
}
