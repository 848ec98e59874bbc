import { randomUUID } from 'node:crypto';
import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import type { User } from '@safekeep/shared/history/users';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/** How long an access token lasts, in seconds. */
export const TOKEN_SECONDS = 900;

/** One algorithm, so that no token can choose how it is checked (`none`, or a public key taken for a secret). */
const ALGORITHM = 'HS256';
const ISSUER = 'safekeep';
const AUDIENCE = 'safekeep-api';

const claims = z.object({ sub: z.uuid(), jti: z.uuid(), exp: z.int(), ver: z.int() });
export type Claims = z.infer<typeof claims>;

/** Issues and reads access tokens. A token names its user and the user's token version, and nothing about rights. */
export class Tokens {
  readonly #secret: Secret;

  constructor(secret: Secret) {
    this.#secret = secret;
  }

  issue(user: User): string {
    return jwt.sign({ ver: user.tokenVersion }, this.#secret.reveal(), {
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject: user.id,
      jwtid: randomUUID(),
      expiresIn: TOKEN_SECONDS,
    });
  }

  /** @throws SafekeepError TOKEN_INVALID for a token that is not ours, has expired or lacks a claim. */
  read(token: string): Claims {
    try {
      const expected: jwt.VerifyOptions = { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE };
      return claims.parse(jwt.verify(token, this.#secret.reveal(), expected));
    } catch {
      throw fail('TOKEN_INVALID');
    }
  }
}
