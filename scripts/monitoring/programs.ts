import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FETCH = fileURLToPath(new URL('../debian/fetch-packages.sh', import.meta.url));
const FETCH_WITHIN_MS = 180_000;

/** Where Prometheus and the programs that check its files and Alertmanager's are on this machine. */
export interface MonitoringPrograms {
  readonly prometheus: string;
  readonly promtool: string;
  readonly amtool: string;
}

/**
 * Debian's Prometheus and Alertmanager, of the versions that docker-compose.yml runs, fetched into .cache/ without
 * installing them.
 * @throws Error that says why there are none
 */
export function findMonitoringPrograms(): MonitoringPrograms {
  const packages = ['prometheus', 'promtool', 'prometheus-alertmanager'];
  const fetched = spawnSync(FETCH, ['prometheus', ...packages], {
    encoding: 'utf8',
    timeout: FETCH_WITHIN_MS,
  });
  if (fetched.status !== 0) {
    throw new Error(`Prometheus could not be fetched: ${fetched.stderr.trim() || 'too slow'}`);
  }
  const program = (name: string) => join(fetched.stdout.trim(), 'usr/bin', name);
  return {
    prometheus: program('prometheus'),
    promtool: program('promtool'),
    amtool: program('amtool'),
  };
}
