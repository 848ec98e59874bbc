import { fail } from '@safekeep/shared/errors';
import type { Request } from 'express';

/** Far more than any request needs. */
const MAXIMUM_BYTES = 102_400;

/**
 * Reads a JSON body. An empty one, whatever its headers say, is an empty object: that is what `curl -X POST` with
 * `Content-Type: application/json` sends. Compressed bodies are refused: nothing here is large enough to gain from it, and
 * they unpack to any size.
 *
 * @throws SafekeepError BODY_TOO_LARGE, BODY_MALFORMED, CONTENT_TYPE_UNSUPPORTED
 */
export async function readBody(request: Request): Promise<unknown> {
  const bytes = await receiveBody(request);
  if (bytes.length === 0) return {};
  if (!request.is('application/json')) throw fail('CONTENT_TYPE_UNSUPPORTED');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw fail('BODY_MALFORMED', {}, error);
  }
}

/**
 * All bytes of a body. One that is too large is refused as soon as that shows, not when all of it has come.
 * @throws SafekeepError BODY_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED, HTTP_INVALID
 */
export function receiveBody(request: Request): Promise<Buffer> {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const add = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAXIMUM_BYTES) chunks.push(chunk);
      else refuse(fail('BODY_TOO_LARGE'));
    };
    const refuse = (error: Error) => {
      request.off('data', add);
      // What still comes is thrown away; without that the answer would wait behind it.
      request.resume();
      reject(error);
    };
    request.once('error', (error) => refuse(fail('HTTP_INVALID', {}, error)));
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return refuse(fail('CONTENT_TYPE_UNSUPPORTED'));
    }
    if (Number(length) > MAXIMUM_BYTES) return refuse(fail('BODY_TOO_LARGE'));
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.on('data', add);
  });
}
