import { Command, Option } from 'commander';
import type { CliOptions, CliSession } from './session.js';

const EXIT_CODES = `
Exit codes:
  0  done                     4  a service cannot be reached
  1  failed                   5  a verification or recovery test failed
  2  usage                    6  refused: it would lose data
  3  configuration            130  interrupted; a job that was queued goes on`;

/** What `--source` chooses, and what holds without it. */
const SOURCE_HELP = {
  main: 'the source (default: main)',
  all: 'only this source (default: all)',
  id: 'refuse the id if it is of another source',
} as const;

const sourceOption = (chooses: keyof typeof SOURCE_HELP) =>
  new Option('--source <name>', SOURCE_HELP[chooses]);

/** What a verb answers with: its exit code. */
export type Verb = (session: CliSession, ...args: string[]) => Promise<number>;

/** Loads a verb when it is asked for: each has its own libraries, and nobody waits for those of the others. */
type Loads<Action> = () => Promise<Action>;

/** Adds a verb with the options that all have; `--source` only where it chooses something. */
type AddVerb = (usage: string, description: string, load: Loads<Verb>, place?: Place) => Command;

interface Place {
  readonly parent?: Command;
  readonly source?: keyof typeof SOURCE_HELP | 'none';
}

/** A verb that opens what it needs itself. */
type DirectVerb = (options: CliOptions) => Promise<number>;

/** The command line: every verb with its options. `run` carries a verb out. */
export function buildProgram(
  run: (verb: Verb, args: string[], options: CliOptions) => Promise<void>,
): Command {
  const program = new Command('backup.sh')
    .description('Backs up PostgreSQL databases and proves that the backups restore.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(see backup.sh --help)')
    .exitOverride();
  const verb: AddVerb = (usage, description, load, { parent = program, source = 'all' } = {}) => {
    const command = parent
      .command(usage)
      .description(description)
      .option('--json', 'print one JSON document on standard output', false);
    if (source !== 'none') command.addOption(sourceOption(source));
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2).filter((value) => typeof value === 'string');
      await run(await load(), args, command.opts<CliOptions>());
    });
    return command;
  };
  verb(
    'full',
    'take a full backup now, wait for its end and show progress',
    async () => (await import('./verbs/full.js')).fullVerb,
    {
      source: 'main',
    },
  ).option('--no-wait', 'queue it and return at once');
  verb(
    'incremental',
    'back up what changed since the newest full backup; where that cannot be told for sure, a full one is taken and says why',
    async () => (await import('./verbs/incremental.js')).incrementalVerb,
    { source: 'main' },
  ).option('--no-wait', 'queue it and return at once');
  verb(
    'test [id]',
    'verify backup files: one, or all that are not verified yet (queue: verify)',
    async () => (await import('./verbs/test.js')).testVerb,
  ).option('--no-wait', 'queue it and return at once');
  verb(
    'verify [id]',
    'recovery test: restore one backup, or the newest verified one, into a scratch database and compare it (queue: restore-test)',
    async () => (await import('./verbs/verify.js')).verifyVerb,
    { source: 'main' },
  ).option('--no-wait', 'queue it and return at once');
  verb(
    'report',
    'have the report of the last day made, with trends and the compliance checklist',
    async () => (await import('./verbs/report.js')).reportVerb,
  ).option('--no-wait', 'queue it and return at once');
  verb(
    'cleanup',
    'remove the backups that have expired; tells why each one is kept or removed',
    async () => (await import('./verbs/cleanup.js')).cleanupVerb,
  )
    .option('--dry-run', 'decide, and remove nothing', false)
    .option('--no-wait', 'queue it and return at once');
  verb(
    'cancel <id>',
    'cancel a backup that waits or runs, on whatever worker; its files are removed',
    async () => (await import('./verbs/cancel.js')).cancelVerb,
    {
      source: 'id',
    },
  ).option('--no-wait', 'ask for it and return at once');
  verb(
    'hold <id>',
    'put a backup under legal hold: retention never removes it',
    async () => (await import('./verbs/hold.js')).holdVerb,
    {
      source: 'id',
    },
  ).requiredOption('--reason <text>', 'why, for the audit trail');
  verb('release <id>', 'take a legal hold away', async () => (await import('./verbs/hold.js')).releaseVerb, {
    source: 'id',
  }).requiredOption('--reason <text>', 'why, for the audit trail');
  addRestoreVerb(verb);
  verb('list', 'list backups, newest first', async () => (await import('./verbs/list.js')).listVerb)
    .addOption(new Option('--limit <n>', 'how many at most').default('20'))
    .addOption(
      new Option('--status <status>', 'only these').choices([
        'queued',
        'running',
        'completed',
        'failed',
        'cancelled',
        'missing',
      ]),
    );
  verb(
    'show <id>',
    'show one backup with all that history knows of it',
    async () => (await import('./verbs/show.js')).showVerb,
    { source: 'id' },
  );
  verb(
    'status',
    'show what is reachable, what runs, and the newest backup of each source',
    async () => (await import('./verbs/status.js')).statusVerb,
  );
  addDirectVerbs(program);
  addAuditVerbs(program, verb);
  addAlertVerbs(verb);
  return program;
}

/** What is wrong, and whether somebody is told. */
function addAlertVerbs(verb: AddVerb): void {
  verb(
    'alerts',
    'list what is wrong now; with --state also what was',
    async () => (await import('./verbs/alerts.js')).alertsVerb,
  )
    .addOption(new Option('--limit <n>', 'how many at most').default('100'))
    .addOption(new Option('--severity <severity>', 'only these').choices(['info', 'warning', 'critical']))
    .addOption(
      new Option('--state <state>', 'only these').choices(['open', 'resolved', 'all']).default('open'),
    );
  verb(
    'ack <id>',
    'acknowledge an alert: somebody has seen it',
    async () => (await import('./verbs/ack.js')).ackVerb,
    { source: 'none' },
  );
  verb(
    'alert-test',
    'send a test message to every channel and tell what became of it',
    async () => (await import('./verbs/alert-test.js')).alertTestVerb,
    {
      source: 'none',
    },
  ).option('--no-wait', 'queue it and return at once');
}

function addRestoreVerb(verb: AddVerb): void {
  verb(
    'restore',
    'restore a backup into a database that does not exist or is empty',
    async () => (await import('./verbs/restore.js')).restoreVerb,
    {
      source: 'main',
    },
  )
    .requiredOption('--backup <id>', 'the id of a backup, or latest')
    .requiredOption('--into <database>', 'the database to make')
    .option('--tables <names>', 'only these tables: name or schema.name, separated by commas')
    .option('--with-roles', 'make the roles that lack, and restore owners', false)
    .option('--with-grants', 'restore privileges', false)
    .option('--no-wait', 'queue it and return at once');
}

/** The verbs of the audit trail. */
function addAuditVerbs(program: Command, verb: AddVerb): void {
  const audit = program
    .command('audit')
    .description('the audit trail: who did what, and whether it is whole');
  const place = { parent: audit, source: 'none' } as const;
  verb(
    'list',
    'list events, newest first',
    async () => (await import('./verbs/audit.js')).auditListVerb,
    place,
  )
    .addOption(new Option('--limit <n>', 'how many at most').default('50'))
    .addOption(new Option('--action <action>', 'only this action (backup.request) or area (backup)'))
    .addOption(new Option('--actor <name>', 'only what this person or process did'))
    .addOption(new Option('--target <target>', 'only what was done to this, such as the id of a backup'))
    .addOption(new Option('--since <time>', 'from this time on, such as 2026-01-31T00:00:00Z'))
    .addOption(new Option('--until <time>', 'before this time'));
  verb(
    'verify',
    'check that no event was edited, removed or put elsewhere',
    async () => (await import('./verbs/audit.js')).auditVerifyVerb,
    place,
  ).addOption(
    new Option('--expect <seq:hash>', 'a head that was noted before; shows also whether the end was cut off'),
  );
}

/** Verbs that open what they need themselves, for they work where services are away. */
function addDirectVerbs(program: Command): void {
  const direct = (
    parent: Command,
    usage: string,
    source: 'main' | 'all',
    description: string,
    load: Loads<DirectVerb>,
  ) => {
    const command = parent
      .command(usage)
      .description(description)
      .option('--json', 'print one JSON document on standard output', false)
      .addOption(sourceOption(source));
    command.action(async () => {
      const action = await load();
      process.exitCode = await action(command.opts<CliOptions>());
    });
  };
  direct(
    program,
    'emergency',
    'main',
    'take a full backup in this process, with neither Redis nor history',
    async () => (await import('./verbs/emergency.js')).emergencyVerb,
  );
  direct(
    program,
    'doctor',
    'all',
    'check configuration, versions, rights, space, clocks, Redis, schedules and last runs',
    async () => (await import('./verbs/doctor.js')).doctorVerb,
  );
  const catalog = program.command('catalog').description('history and the files that it tells of');
  direct(
    catalog,
    'rebuild',
    'all',
    'take every backup whose sidecar the key authenticates into history',
    async () => (await import('./verbs/catalog-rebuild.js')).catalogRebuildVerb,
  );
}
