import type { Actor } from '@safekeep/shared/audit/audit';
import type { ErrorCode } from '@safekeep/shared/errors';
import type { Role } from '@safekeep/shared/history/users';
import type { z } from 'zod';
import type { Services } from './services.js';

/** What a route reads of its request; a part without a schema must be empty (query, params) or is not read. */
export interface RequestSchemas {
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly params?: z.ZodType;
  readonly headers?: z.ZodType;
}

/** The validated parts of a request. */
export type Input<S extends RequestSchemas> = {
  readonly [Part in keyof S]: S[Part] extends z.ZodType ? z.output<S[Part]> : never;
};

/** What the audit event of a request will say; a handler may correct it as it learns more. */
export interface AuditDraft {
  actor: Actor;
  target: string | null;
  detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** One request, validated, on its way to a handler. */
export interface Call<Validated> {
  readonly input: Validated;
  readonly audit: AuditDraft;
  readonly address: string;
}

/**
 * What a handler answers: JSON, unless `contentType` is there. The body is then a string (the route's `response` is
 * `z.string()`) and goes out as it is: Prometheus' text, HTML. Headers here win over those that every answer has, so a
 * page can bring its own Content-Security-Policy.
 */
export interface Answer<Body> {
  readonly body: Body;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One row of the API's table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** As in the contract, with `:id` for a parameter. A fixed path stands before one with a parameter. */
  readonly path: string;
  /** What it does, in one line; heading of the route in the API's documents. */
  readonly summary: string;
  /** What a caller must know beyond the schemas, in sentences. */
  readonly description?: string;
  /** The least role that may; `null` lets everybody in, without a token. */
  readonly role: Role | null;
  /**
   * Of a route without a role: a token is not needed, but one that is sent must be good. Its user is then the actor of
   * `audit` (an id of `null` is nobody), and only requests with a user leave an event when they succeed.
   */
  readonly optionalToken?: true;
  /** Of a route without a role: METRICS_TOKEN opens it where that is set, and access tokens do not. */
  readonly metricsToken?: true;
  /**
   * What the audit trail calls it, and who writes the event of a request that reached its handler: the pipeline (its
   * outcome) or the handler (its effect, the same event as from the command line). `null` leaves no trace.
   */
  readonly audit: { readonly action: string; readonly by: 'pipeline' | 'handler' } | null;
  /** Reads are never throttled; failed logins are counted by the login itself. */
  readonly throttle: 'none' | 'writes' | 'failed logins';
  readonly request: RequestSchemas;
  /** Status and body of success; every other answer is a problem. */
  readonly status: 200 | 202;
  readonly response: z.ZodType;
  /** Content types of a success, where it is not JSON alone. */
  readonly produces?: readonly string[];
  /** Headers of a success that carry a part of the answer, each with what it says. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The problems of this route itself; those of the pipeline (token, role, body, throttle) come by themselves. */
  readonly errors: readonly ErrorCode[];
  handle(services: Services, call: Call<unknown>): Promise<Answer<unknown>>;
}

interface Definition<S extends RequestSchemas, R extends z.ZodType>
  extends Omit<Route, 'request' | 'response' | 'handle'> {
  readonly request: S;
  readonly response: R;
  handle(services: Services, call: Call<Input<S>>): Promise<Answer<z.output<R>>>;
}

/** Lets the compiler check that a row's handler takes what its schemas give and answers what its response says. */
export function route<S extends RequestSchemas, R extends z.ZodType>(definition: Definition<S, R>): Route {
  return definition;
}
