import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FETCH = fileURLToPath(new URL('fetch-docker-compose.sh', import.meta.url));
const FETCH_WITHIN_MS = 120_000;

/** How docker compose 2 is called on this machine. */
export type ComposeProgram = readonly [program: string, ...args: string[]];

/**
 * Finds docker compose 2: on PATH, else Debian's, fetched into .cache/ without installing it.
 * @throws Error that says why there is none
 */
export function findDockerCompose(): ComposeProgram {
  const onPath = [['docker', 'compose'] as const, ['docker-compose'] as const].find(isVersion2);
  if (onPath !== undefined) return onPath;
  const fetched = spawnSync(FETCH, { encoding: 'utf8', timeout: FETCH_WITHIN_MS });
  if (fetched.status === 0) return [fetched.stdout.trim()];
  throw new Error(
    `docker compose 2 is not on PATH and could not be fetched: ${fetched.stderr.trim() || 'too slow'}`,
  );
}

function isVersion2([program, ...args]: ComposeProgram): boolean {
  const { status, stdout } = spawnSync(program, [...args, 'version', '--short'], { encoding: 'utf8' });
  return status === 0 && Number(stdout.replace(/^v/, '').split('.')[0]) >= 2;
}

/** What the tests look at in the output of `config --format json`. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, { name: string; driver_opts?: Record<string, string> }>>;
  readonly networks: Readonly<Record<string, { internal?: boolean }>>;
  readonly secrets: Readonly<Record<string, { file?: string; environment?: string }>>;
}

export interface ComposeService {
  readonly image?: string;
  readonly command: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly user?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly { host_ip?: string; published: string; target: number }[];
  readonly volumes?: readonly { type: string; source: string; target: string }[];
  readonly secrets?: readonly { source: string }[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly container_name?: string;
  readonly hostname?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

interface ComposeSettings {
  /** The file with the settings; there are no others. */
  readonly envFile?: string;
  readonly profile?: string;
}

/** docker-compose.yml as docker compose understands it. */
export function readComposeFile(
  [program, ...args]: ComposeProgram,
  { envFile = '/dev/null', profile }: ComposeSettings = {},
): ComposeFile {
  const profiles = profile === undefined ? [] : ['--profile', profile];
  const config = [...profiles, '--env-file', envFile, 'config', '--format', 'json'];
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
  const result = spawnSync(program, [...args, ...config], { cwd: ROOT, env: environment, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as ComposeFile;
}

/** `config` prints a `$` of a command as `$$`. */
export function asContainersSee(text: string): string {
  return text.replaceAll('$$', '$');
}
