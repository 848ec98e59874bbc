import { randomBytes } from 'node:crypto';
import type { EnvironmentName } from '../../../packages/shared/src/config/schema.js';
import type { Installation } from './installation.js';

/** One variable: its value in the first and in the second installation, and what can be seen of it there. */
export interface Option {
  readonly values: readonly [first: string | undefined, second: string | undefined];
  readonly look: (installation: Installation) => Promise<unknown>;
  readonly sees: readonly [first: unknown, second: unknown];
}

export type OptionRows = Partial<Record<EnvironmentName, Option>>;

/** Strong enough for every secret. */
export function strongSecret(): string {
  return randomBytes(36).toString('base64url');
}
