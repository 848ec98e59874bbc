import { loadConfig } from '@safekeep/shared/config/load';
import { type Diagnosis, exitCodeOf } from '../../doctor/diagnosis.js';
import { examine } from '../../doctor/examine.js';
import { chosenSources } from '../chosen-sources.js';
import { print } from '../print.js';
import type { CliOptions } from '../session.js';

const MARKS = { ok: 'ok      ', warning: 'WARNING ', problem: 'PROBLEM ' } as const;

/**
 * `backup.sh doctor`: looks at configuration, versions, rights, space, clocks, Redis, schedules and the last runs, changes
 * nothing, and says what to do. Warnings exit with 0; problems with 3 (configuration), 4 (not reachable) or 1.
 */
export async function doctorVerb(options: CliOptions): Promise<number> {
  const config = loadConfig(process.env, 'worker');
  const names = chosenSources(config.sourceNames, options);
  const sources = config.sources.filter(({ name }) => names.includes(name));
  const found = await examine(config, sources, process.env);
  print(options, found, () => describe(found));
  return exitCodeOf(found);
}

function describe(found: readonly Diagnosis[]): string {
  const lines = found.map(({ state, subject, message, hint }) => {
    const line = `${MARKS[state]}${subject}: ${message}`;
    return hint === null ? line : `${line}\n          → ${hint}`;
  });
  const count = (state: Diagnosis['state']) => found.filter((diagnosis) => diagnosis.state === state).length;
  const sum = `${count('problem')} problem(s), ${count('warning')} warning(s), ${count('ok')} ok`;
  return [...lines, '', sum].join('\n');
}
