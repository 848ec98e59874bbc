import { randomBytes } from 'node:crypto';
import { hash, hashSync, verify } from '@node-rs/argon2';

/** OWASP's first choice for argon2id (the library's algorithm unless told otherwise); memory in KiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The argon2id hash of a new password, as it is stored. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Compares passwords, with the same effort whether there is something to compare with or not. */
export class PasswordCheck {
  readonly #dummy = hashSync(randomBytes(32), COST);

  /** Whether the password is the stored one; never when nothing, or no argon2id hash, is stored. */
  async matches(stored: string | undefined, password: string): Promise<boolean> {
    const usable = stored?.startsWith('$argon2id$') ? stored : this.#dummy;
    return verify(usable, password);
  }
}
