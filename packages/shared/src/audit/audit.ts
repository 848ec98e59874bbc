import type { Database } from '../history/database.js';

/** Who did something: a person by token, a process on its own behalf, or nobody known. */
export interface Actor {
  readonly id: string | null;
  /** User name, or `worker`, `cli`, `anonymous`. */
  readonly name: string;
  /** Network address of the request, where there was one. */
  readonly address: string | null;
}

export interface AuditEvent {
  readonly actor: Actor;
  /** `area.verb`, such as `login`, `backup.request`, `backup.completed`, `history.read`. */
  readonly action: string;
  /** What it was done to: an id, a source name or a path; never a value of a row. */
  readonly target: string | null;
  readonly result: 'ok' | 'refused' | 'failed';
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * Appends one event. The database numbers it and chains its hash to the event before (migration 0001), so an edited,
 * removed or reordered event shows.
 */
export async function appendAudit(db: Database, event: AuditEvent): Promise<void> {
  await db.query(
    `INSERT INTO audit_events (actor_id, actor, address, action, target, result, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      event.actor.id,
      event.actor.name,
      event.actor.address,
      event.action,
      event.target,
      event.result,
      JSON.stringify(event.detail ?? {}),
    ],
  );
}
