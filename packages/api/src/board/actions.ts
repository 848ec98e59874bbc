/** A change of the queues that the board may make. */
interface BoardAction {
  /** As the audit trail calls it. */
  readonly action: string;
  readonly queue: string;
  /** The id of the job, `null` where all of a kind are meant. */
  readonly job: string | null;
  /** The kind, where all of one are meant. */
  readonly status: string | null;
}

/** In the order in which the board's own router looks: `retry` and `clean` come before the id of a job. */
const ACTIONS: readonly [pattern: RegExp, action: string, meant: 'job' | 'status' | 'all'][] = [
  [/^\/api\/queues\/([^/]+)\/retry\/([^/]+)\/?$/i, 'board.retry-all', 'status'],
  [/^\/api\/queues\/([^/]+)\/promote\/?$/i, 'board.promote-all', 'all'],
  [/^\/api\/queues\/([^/]+)\/clean\/([^/]+)\/?$/i, 'board.remove-all', 'status'],
  [/^\/api\/queues\/([^/]+)\/([^/]+)\/retry\/?$/i, 'board.retry', 'job'],
  [/^\/api\/queues\/([^/]+)\/([^/]+)\/clean\/?$/i, 'board.remove', 'job'],
  [/^\/api\/queues\/([^/]+)\/([^/]+)\/promote\/?$/i, 'board.promote', 'job'],
];

/**
 * What a request to the board would change; `null` for everything that nobody may do there: jobs are made and their data
 * written by history's rows alone, and what runs when is the schedules'.
 */
export function boardAction(method: string, path: string): BoardAction | null {
  if (method !== 'PUT') return null;
  for (const [pattern, action, meant] of ACTIONS) {
    const [, queue, given] = pattern.exec(path) ?? [];
    if (queue === undefined) continue;
    const second = given === undefined ? null : decode(given);
    return {
      action,
      queue,
      job: meant === 'job' ? second : null,
      status: meant === 'status' ? second : null,
    };
  }
  return null;
}

/** A path that is not percent-encoded text is refused by the router behind this. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
