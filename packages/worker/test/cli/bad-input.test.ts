import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '@safekeep/shared/errors';
import { expect } from 'chai';
import type { Command } from 'commander';
import { Redis } from 'ioredis';
import type { RedisServer } from '../../../../scripts/services/redis.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { openHistory, postgresServer, redisServer, type TestHistory } from '../../../shared/test/servers.js';
import { describeFailure, type Failure } from '../../src/cli/failure.js';
import { buildProgram } from '../../src/cli/program.js';
import { openSession } from '../../src/cli/session.js';

const NOBODY = 'f3b7a0d2-6b3f-4a51-8f61-2d0e2f6f9b11';
/** A backup of `main`, written before the tests. */
const BACKUP = randomUUID();
const NO_IDS = ['1', 'latest ', `${NOBODY}0`, "' OR 1=1 --", '', 'a\tb'];
const NO_NUMBERS = ['-1', '0', '1.5', 'NaN', '1e99', '99999999999999999999', 'ten', ''];
const NO_DATES = ['yesterday', '2026-01-31', '2026-02-30T00:00:00Z', '-1'];

/** What each verb needs to be understood; `id` is where it takes the id of a row. */
interface ValidCommand {
  readonly args: readonly string[];
  readonly id?: { readonly at: number; readonly unknown: ErrorCode };
}

const ofBackup = (at: number) => ({ at, unknown: 'BACKUP_UNKNOWN' }) as const;

/** Every verb; one that is not here makes the tests fail. */
const validCommands: Readonly<Record<string, ValidCommand>> = {
  full: { args: [] },
  incremental: { args: [] },
  test: { args: [BACKUP], id: ofBackup(0) },
  verify: { args: [BACKUP], id: ofBackup(0) },
  report: { args: [] },
  cleanup: { args: [] },
  cancel: { args: [BACKUP], id: ofBackup(0) },
  hold: { args: [BACKUP, '--reason', 'a lawsuit'], id: ofBackup(0) },
  release: { args: [BACKUP, '--reason', 'it is over'], id: ofBackup(0) },
  restore: { args: ['--backup', BACKUP, '--into', 'copy'], id: ofBackup(1) },
  list: { args: [] },
  show: { args: [BACKUP], id: ofBackup(0) },
  status: { args: [] },
  alerts: { args: [] },
  ack: { args: [NOBODY], id: { at: 0, unknown: 'ALERT_UNKNOWN' } },
  'alert-test': { args: [] },
  emergency: { args: [] },
  doctor: { args: [] },
  'audit list': { args: [] },
  'audit verify': { args: [] },
  'catalog rebuild': { args: [] },
};

interface WrongCommand {
  readonly args: readonly string[];
  /** `null`: the parser of the command line refuses it. */
  readonly code: ErrorCode | null;
}

/** All that is wrong and can be typed, as the verb's own declaration tells. */
function wrongCommands(command: Command, { args, id }: ValidCommand): WrongCommand[] {
  const option = (name: string) => command.options.find(({ long }) => long === name);
  const parsed = (...wrong: string[]): WrongCommand => ({ args: wrong, code: null });
  const refused = (...wrong: string[]): WrongCommand => ({ args: wrong, code: 'REQUEST_INVALID' });
  const replaced = (text: string) => args.map((arg, at) => (at === id?.at ? text : arg));
  const wrong = [parsed(...args, '--unheard'), parsed(...args, 'and', 'more')];
  const required = command.registeredArguments.some((argument) => argument.required);
  if (required) wrong.push(parsed(...args.slice(1)));
  for (const { long, mandatory, argChoices } of command.options) {
    const at = args.indexOf(long ?? '');
    if (mandatory)
      wrong.push(parsed(...args.slice(0, at), ...args.slice(at + 2)), parsed(...args.slice(0, at + 1)));
    if (argChoices !== undefined) wrong.push(parsed(...args, `${long}=unheard`));
  }
  if (option('--source') !== undefined) {
    const unheard = id === undefined ? args : replaced(NOBODY);
    wrong.push(parsed(...args, '--source'), {
      args: [...unheard, '--source', 'unheard'],
      code: 'SOURCE_UNKNOWN',
    });
  }
  if (option('--limit') !== undefined)
    wrong.push(...NO_NUMBERS.map((text) => refused(...args, `--limit=${text}`)));
  for (const name of ['--since', '--until'] as const) {
    if (option(name) !== undefined)
      wrong.push(...NO_DATES.map((text) => refused(...args, `${name}=${text}`)));
  }
  if (id !== undefined) {
    wrong.push(...NO_IDS.map((text) => refused(...replaced(text))), {
      args: replaced(NOBODY),
      code: id.unknown,
    });
    // A known source that is not the backup's.
    if (option('--source') !== undefined)
      wrong.push({ args: [...args, '--source', 'lab'], code: 'BACKUP_UNKNOWN' });
  }
  return wrong;
}

/** What the declarations do not tell. */
const furtherCommands: readonly WrongCommand[] = [
  { args: [], code: null },
  { args: ['unheard'], code: null },
  { args: ['audit'], code: null },
  { args: ['audit', 'unheard'], code: null },
  { args: ['hold', BACKUP, '--reason', ' '], code: 'REQUEST_INVALID' },
  { args: ['release', BACKUP, '--reason', 'a\0b'], code: 'REQUEST_INVALID' },
  { args: ['restore', '--backup', BACKUP, '--into', 'postgres'], code: 'REQUEST_INVALID' },
  { args: ['restore', '--backup', BACKUP, '--into', ''], code: 'REQUEST_INVALID' },
  { args: ['restore', '--backup', BACKUP, '--into', 'x'.repeat(64)], code: 'REQUEST_INVALID' },
  { args: ['restore', '--backup', BACKUP, '--into', 'copy', '--tables', ','], code: 'REQUEST_INVALID' },
  {
    args: ['restore', '--backup', 'latest', '--into', 'copy', '--source', 'unheard'],
    code: 'SOURCE_UNKNOWN',
  },
  { args: ['list', '--source', '../etc'], code: 'REQUEST_INVALID' },
  { args: ['alerts', '--source', "' OR 1=1 --"], code: 'REQUEST_INVALID' },
  { args: ['test', '--source', 'unheard'], code: 'SOURCE_UNKNOWN' },
  { args: ['verify', '--source', 'unheard'], code: 'SOURCE_UNKNOWN' },
  { args: ['audit', 'list', '--actor', ''], code: 'REQUEST_INVALID' },
  {
    args: ['audit', 'list', '--since', '2026-02-01T00:00:00Z', '--until', '2026-01-01T00:00:00Z'],
    code: 'REQUEST_INVALID',
  },
  { args: ['audit', 'verify', '--expect', 'latest'], code: 'REQUEST_INVALID' },
  { args: ['audit', 'verify', '--source', 'main'], code: null },
];

/** What a command may change; refusals leave an event in the audit trail. */
const TABLES = [
  ...['backups', 'runs', 'verifications', 'recovery_tests', 'restores', 'cleanup_runs', 'reports'],
  ...['alerts', 'notifications', 'schedules', 'due_runs', 'disposals'],
];

describe('every verb of backup.sh', function () {
  this.timeout(30_000);
  let history: TestHistory;
  let redis: RedisServer;
  const surroundings = { ...process.env };

  before(async () => {
    [history, redis] = await Promise.all([openHistory(), redisServer()]);
    const folder = await scratchFolder('safekeep-bad-input');
    const sources = join(folder, 'sources.json');
    const source = (await postgresServer()).url('postgres');
    writeFileSync(sources, JSON.stringify([{ name: 'lab', url: source }]));
    // The command line reads the environment by itself.
    Object.assign(process.env, {
      HISTORY_DATABASE_URL: history.url.reveal(),
      REDIS_URL: redis.url,
      SOURCE_DATABASE_URL: source,
      SOURCES_FILE: sources,
      BACKUP_DIR: folder,
      BACKUP_ENCRYPTION_KEY: randomBytes(48).toString('base64'),
    });
    await history.pool.query(
      `INSERT INTO backups (id, source, type, requested_type, status, requested_via, ended_at, file_name, checksum, hmac)
       VALUES ($1, 'main', 'full', 'full', 'completed', 'cli', now(), 'f', 'c', 'h')`,
      [BACKUP],
    );
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in surroundings)) delete process.env[name];
    Object.assign(process.env, surroundings);
    await history.close();
    await redis.stop();
  });

  /** All that commands may change, as text: the rows of history and the jobs in Redis. */
  async function content(): Promise<Record<string, string>> {
    const texts = TABLES.map(async (table) => {
      const { rows } = await history.pool.query(
        `SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS text FROM ${table} t`,
      );
      return [table, rows[0].text] as const;
    });
    const client = new Redis(redis.url);
    const keys = await client.keys('*');
    client.disconnect();
    return { ...Object.fromEntries(await Promise.all(texts)), redis: keys.sort().join(' ') };
  }

  async function refuseAll(wrongs: readonly WrongCommand[]): Promise<void> {
    const before = await content();
    for (const { args, code } of wrongs) {
      const typed = args.join(' ');
      const { failure, printed } = await run(args);
      expect(failure?.exitCode, `${typed}: ${JSON.stringify(failure)}`).to.equal(2);
      expect(failure?.problem?.code ?? null, `${typed}: ${JSON.stringify(failure)}`).to.equal(code);
      expect(failure?.problem?.hint ?? printed, typed).to.match(/\w/);
    }
    expect(await content()).to.deep.equal(before);
    const { rows } = await history.pool.query('SELECT DISTINCT result FROM audit_events');
    expect(rows.filter(({ result }) => result !== 'refused')).to.deep.equal([]);
  }

  const verbs = verbsOf(buildProgram(async () => {}));

  it('has a row here, and no row is of a verb that is gone', () => {
    expect(Object.keys(validCommands)).to.have.members([...verbs.keys()]);
  });

  for (const [name, command] of verbs) {
    it(`${name}: what is wrong in any way ends with 2 and a hint, and does nothing`, async () => {
      const wrongs = wrongCommands(command, validCommands[name] as ValidCommand);
      await refuseAll(wrongs.map(({ args, code }) => ({ args: [...name.split(' '), ...args], code })));
    });
  }

  it('refuses what only its own reading finds', () => refuseAll(furtherCommands));
});

/** Carries a command out as `backup.sh` does; `null` for a failure when there was none, and what its parser printed. */
async function run(args: readonly string[]): Promise<{ failure: Failure | null; printed: string }> {
  let printed = '';
  const program = buildProgram(async (verb, given, options) => {
    const session = openSession(options);
    await verb(session, ...given).finally(() => session.close());
  });
  const keep = (text: string) => {
    printed += text;
  };
  for (const command of [program, ...everyBelow(program)]) {
    command.configureOutput({ writeOut: keep, writeErr: keep });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return { failure: null, printed };
  } catch (error) {
    return { failure: describeFailure(error), printed };
  }
}

function everyBelow(command: Command): Command[] {
  return command.commands.flatMap((below) => [below, ...everyBelow(below)]);
}

/** The verbs by what is typed, such as `audit list`. */
function verbsOf(program: Command): Map<string, Command> {
  const verbs = everyBelow(program).filter(({ commands }) => commands.length === 0);
  return new Map(
    verbs.map((verb) => {
      const group = verb.parent === program ? '' : `${verb.parent?.name()} `;
      return [`${group}${verb.name()}`, verb];
    }),
  );
}
