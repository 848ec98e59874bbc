import { type ErrorCode, SafekeepError } from '@safekeep/shared/errors';

type Members = Readonly<Record<string, string>>;

/** An error of the catalogue that brings headers, or further members of the problem document, to its answer. */
export class Refusal extends SafekeepError {
  readonly headers: Members;
  readonly members: Members;

  constructor(code: ErrorCode, parameters: Members, headers: Members, members: Members) {
    super(code, parameters);
    this.headers = headers;
    this.members = members;
  }
}

/** Makes (does not throw) a refusal; where there is nothing to add, `fail` will do. */
export function refuse(
  code: ErrorCode,
  parameters: Members,
  headers: Members,
  members: Members = {},
): Refusal {
  return new Refusal(code, parameters, headers, members);
}
