import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import type { User } from '@safekeep/shared/history/users';
import { QUEUE_PREFIX } from '@safekeep/shared/queues/contracts';
import type { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/** A browser that nobody touches is logged out after this many seconds. */
export const IDLE_SECONDS = 900;
/** Nobody stays logged in longer, in seconds: a working day. */
const LONGEST_SECONDS = 8 * 3600;

const ALGORITHM = 'HS256';
const ISSUER = 'safekeep';
/** Not that of access tokens: neither works in the other's place. */
const AUDIENCE = 'safekeep-board';

const claims = z.object({ sub: z.uuid(), jti: z.uuid(), ver: z.int(), began: z.int() });

/** What the cookie of a browser says: whose session it is, which one, and since when (Unix seconds). */
export type SessionClaims = z.infer<typeof claims>;

/** Sessions of browsers. The cookie carries all of it; Redis keeps only which sessions were ended before their time. */
export class Sessions {
  readonly #secret: Secret;
  readonly #redis: Redis;

  constructor(secret: Secret, redis: Redis) {
    this.#secret = secret;
    this.#redis = redis;
  }

  /** A new session's token. */
  begin(user: User, now = new Date()): string {
    return this.#sign(user, randomUUID(), seconds(now), now);
  }

  /** The same session for another while, but never beyond the longest time. */
  renew(user: User, session: SessionClaims, now = new Date()): string {
    return this.#sign(user, session.jti, session.began, now);
  }

  /** @throws SafekeepError SESSION_MISSING for a token that is not ours or has expired. */
  read(token: string, now = new Date()): SessionClaims {
    try {
      const expected: jwt.VerifyOptions = {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTimestamp: seconds(now),
      };
      return claims.parse(jwt.verify(token, this.#secret.reveal(), expected));
    } catch {
      throw fail('SESSION_MISSING');
    }
  }

  /** Ends a session before its time. Throws what the Redis client throws. */
  async end(session: SessionClaims): Promise<void> {
    await this.#redis.set(endedKey(session), 1, 'EX', LONGEST_SECONDS);
  }

  /** Whether somebody logged out of it. Throws what the Redis client throws. */
  async hasEnded(session: SessionClaims): Promise<boolean> {
    return (await this.#redis.exists(endedKey(session))) === 1;
  }

  /** What a form or a script must send along, so that no other site can send it; bound to a session or a form. */
  formToken(subject: string): string {
    const key = createHmac('sha256', this.#secret.reveal()).update('safekeep/form/v1').digest();
    return createHmac('sha256', key).update(subject).digest('base64url');
  }

  isFormToken(subject: string, given: string | undefined): boolean {
    const [expected, actual] = [Buffer.from(this.formToken(subject)), Buffer.from(given ?? '')];
    return expected.length === actual.length && timingSafeEqual(expected, actual);
  }

  #sign(user: User, jti: string, began: number, now: Date): string {
    const iat = seconds(now);
    const exp = Math.min(iat + IDLE_SECONDS, began + LONGEST_SECONDS);
    return jwt.sign({ ver: user.tokenVersion, began, iat, exp }, this.#secret.reveal(), {
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject: user.id,
      jwtid: jti,
    });
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function endedKey(session: SessionClaims): string {
  return `${QUEUE_PREFIX}:session:ended:${session.jti}`;
}
