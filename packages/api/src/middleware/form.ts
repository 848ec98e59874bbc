import { fail } from '@safekeep/shared/errors';
import type { Request } from 'express';
import { receiveBody } from './body.js';

/**
 * Reads the fields of an HTML form.
 * @throws SafekeepError BODY_TOO_LARGE, FORM_REFUSED when it is none or names a field twice
 */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const bytes = await receiveBody(request);
  if (!request.is('application/x-www-form-urlencoded')) throw fail('FORM_REFUSED');
  const fields = [...new URLSearchParams(bytes.toString('utf8'))];
  if (new Set(fields.map(([name]) => name)).size < fields.length) throw fail('FORM_REFUSED');
  return Object.fromEntries(fields);
}
