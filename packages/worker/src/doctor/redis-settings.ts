import { type Diagnosis, ok, problem, warning } from './diagnosis.js';

/** What Redis says of itself; `null` where it keeps that to itself (managed services forbid CONFIG). */
export interface RedisFacts {
  /** Such as `7.0.15`. */
  readonly version: string;
  readonly evictionPolicy: string | null;
  readonly appendOnly: boolean | null;
  readonly usedBytes: number;
  /** 0 means without a limit. */
  readonly maximumBytes: number;
}

const SUBJECT = 'redis';
/** Below this a queue's scripts do not run. */
const OLDEST = [6, 2] as const;
const NEARLY_FULL = 0.8;

/** Whether Redis is fit to carry the queue. */
export function judgeRedis(facts: RedisFacts): Diagnosis[] {
  return [judgeVersion(facts.version), judgeEviction(facts), judgePersistence(facts), judgeMemory(facts)];
}

function judgeVersion(version: string): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (old) {
    const hint = `Use Redis ${OLDEST.join('.')} or newer.`;
    return problem(SUBJECT, `version ${version} is too old`, hint, 3);
  }
  return ok(SUBJECT, `version ${version}`);
}

function judgeEviction({ evictionPolicy }: RedisFacts): Diagnosis {
  const hint = 'Set maxmemory-policy noeviction, or Redis throws jobs away when its memory is full.';
  if (evictionPolicy === null) return warning(SUBJECT, 'its eviction policy cannot be read', hint);
  if (evictionPolicy === 'noeviction') return ok(SUBJECT, 'it never evicts jobs');
  return problem(SUBJECT, `its eviction policy is ${evictionPolicy}`, hint, 3);
}

function judgePersistence({ appendOnly }: RedisFacts): Diagnosis {
  const hint = 'Set appendonly yes. Without it a restart loses waiting jobs; history queues them again.';
  if (appendOnly === null) return warning(SUBJECT, 'its persistence cannot be read', hint);
  return appendOnly
    ? ok(SUBJECT, 'it keeps jobs over a restart')
    : warning(SUBJECT, 'it keeps nothing over a restart', hint);
}

function judgeMemory({ usedBytes, maximumBytes }: RedisFacts): Diagnosis {
  if (maximumBytes === 0 || usedBytes < maximumBytes * NEARLY_FULL) return ok(SUBJECT, 'it has memory left');
  const percent = Math.round((usedBytes / maximumBytes) * 100);
  return problem(
    SUBJECT,
    `its memory is ${percent} % full`,
    'Raise maxmemory, or find out what else is stored there; a full Redis takes no jobs.',
    1,
  );
}
