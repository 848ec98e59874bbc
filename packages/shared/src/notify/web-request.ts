import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isAllowedHost } from '../config/allowed-hosts.js';
import type { Secret } from '../config/secret.js';
import { errorCode } from '../logger.js';
import { isPrivateAddress } from './private-address.js';
import { Undelivered } from './undelivered.js';

/** The whole request, from the first look into DNS to the end of the answer, in milliseconds. */
const TIMEOUT = 10_000;
/** What is read of an answer nobody needs, in bytes. */
const LONGEST_ANSWER = 65_536;

interface WebRequest {
  readonly url: Secret;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One request to a host that an administrator named, which may still lead anywhere: its name is resolved once, a private
 * address is refused unless the host is on the list, redirects are not followed, and the answer is not kept.
 *
 * @throws Undelivered which names neither URL nor host, for the URL may be the secret
 */
export async function sendWebRequest(wanted: WebRequest, allowedHosts: readonly string[]): Promise<void> {
  const url = new URL(wanted.url.reveal());
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const address = await resolve(url, allowedHosts, signal);
    const status = await send(url, address, wanted, signal);
    if (status >= 300 && status < 400) throw new Undelivered(`it answered with a redirect (HTTP ${status})`);
    if (status < 200 || status >= 400) throw new Undelivered(`it answered HTTP ${status}`);
  } catch (error) {
    if (error instanceof Undelivered) throw error;
    if (signal.aborted) throw new Undelivered('it did not answer in time');
    throw new Undelivered(`the connection failed: ${errorCode(error)}`);
  }
}

async function resolve(url: URL, allowedHosts: readonly string[], signal: AbortSignal): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host)
    ? [host]
    : (await unlessAborted(lookup(host, { all: true }), signal)).map(({ address }) => address);
  const [first] = addresses;
  if (first === undefined) throw new Undelivered('its host has no address');
  if (isAllowedHost(url, allowedHosts)) return first;
  if (url.protocol !== 'https:') throw new Undelivered('it is not https');
  if (addresses.some(isPrivateAddress)) {
    throw new Undelivered('its host has a private address and is not in NOTIFY_ALLOWED_HOSTS');
  }
  return first;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
  ]);
}

/** The HTTP status. The address is pinned: a second look into DNS could say something else. */
function send(url: URL, address: string, wanted: WebRequest, signal: AbortSignal): Promise<number> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const options: RequestOptions = {
    method: wanted.method,
    headers: {
      'User-Agent': 'Safekeep',
      ...wanted.headers,
      'Content-Length': Buffer.byteLength(wanted.body),
    },
    agent: false,
    signal,
    lookup: (_host, { all }, callback) => {
      const family = isIP(address);
      if (all) callback(null, [{ address, family }]);
      else callback(null, address, family);
    },
  };
  return new Promise((resolve, reject) => {
    const request = start(url, options, (response) => {
      discard(response);
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(wanted.body);
  });
}

/** Reads an answer to its end, or as much of it as is polite. */
function discard(response: IncomingMessage): void {
  let read = 0;
  response.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > LONGEST_ANSWER) response.destroy();
  });
  // The status is known by now; how the rest ends changes nothing.
  response.on('error', () => {});
}
