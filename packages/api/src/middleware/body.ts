import { fail } from '@safekeep/shared/errors';
import { type Request, type Response, raw } from 'express';

/** Compressed bodies are refused: nothing here is large enough to gain from it, and they unpack to any size. */
const readRaw = raw({ type: () => true, limit: '100kb', inflate: false });

/**
 * Reads a JSON body. An empty one, whatever its headers say, is an empty object: that is what `curl -X POST` with
 * `Content-Type: application/json` sends.
 *
 * @throws SafekeepError BODY_TOO_LARGE, BODY_MALFORMED, CONTENT_TYPE_UNSUPPORTED
 */
export async function readBody(request: Request, response: Response): Promise<unknown> {
  const bytes = await receiveBody(request, response);
  if (bytes.length === 0) return {};
  if (!request.is('application/json')) throw fail('CONTENT_TYPE_UNSUPPORTED');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw fail('BODY_MALFORMED', {}, error);
  }
}

/** All bytes of a body. @throws SafekeepError BODY_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED, HTTP_INVALID */
export function receiveBody(request: Request, response: Response): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readRaw(request, response, (error?: unknown) => {
      if (error !== undefined) reject(translate(error));
      else resolve(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    });
  });
}

/** The parser names its errors in `type`. */
function translate(error: unknown): Error {
  const type = (error as { type?: unknown }).type;
  if (type === 'entity.too.large') return fail('BODY_TOO_LARGE', {}, error);
  if (type === 'encoding.unsupported') return fail('CONTENT_TYPE_UNSUPPORTED', {}, error);
  return fail('HTTP_INVALID', {}, error);
}
