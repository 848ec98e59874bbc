import { createHmac } from 'node:crypto';
import type { Secret } from '../config/secret.js';

/** Headers by which a receiver knows that a message is ours, is fresh, and whether it has seen it. */
export function signedHeaders(id: string, body: string, secret: Secret, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signature = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
  return {
    'Content-Type': 'application/json',
    'X-Safekeep-Id': id,
    'X-Safekeep-Timestamp': timestamp,
    'X-Safekeep-Signature': `sha256=${signature}`,
  };
}
