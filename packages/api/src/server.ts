import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, fail } from '@safekeep/shared/errors';
import { errorCode, type Logger } from '@safekeep/shared/logger';
import { problemOf } from './middleware/problem.js';

/** How long a client may take, in milliseconds. Without these a few hundred idle connections would fill the server. */
export interface Patience {
  /** Until all headers are here. */
  readonly headers: number;
  /** Until headers and body are here. */
  readonly request: number;
  /** Between two looks for clients that are late. */
  readonly interval: number;
}

const PATIENCE: Patience = { headers: 10_000, request: 30_000, interval: 1_000 };

/** Node's own number for the headers of a request, in bytes. */
const MAXIMUM_HEADERS = 16_384;

/** What Node's parser says, in words of the catalogue. */
const PARSER_CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TOO_SLOW',
};

/**
 * How many requests of one connection may be without an answer. Browsers, proxies and programs wait for each answer; who
 * does not would have all requests of a packet carried out at once, and all their answers held until they are read.
 */
const MAXIMUM_UNANSWERED = 16;

function limitUnanswered(listener: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (count > MAXIMUM_UNANSWERED) socket.destroy();
    else listener(request, response);
  };
}

/** An HTTP server that cuts slow clients off and answers requests that never reach the application. */
export function createApiServer(
  listener: RequestListener,
  logger: Logger,
  patience: Patience = PATIENCE,
): Server {
  const server = createServer(
    {
      headersTimeout: patience.headers,
      requestTimeout: patience.request,
      connectionsCheckingInterval: patience.interval,
      maxHeaderSize: MAXIMUM_HEADERS,
      // Longer than the idle time of common proxies (60 s), which would otherwise reuse a connection as it closes.
      keepAliveTimeout: 65_000,
    },
    limitUnanswered(listener),
  );
  server.on('clientError', (error: Error, socket: Socket) => answerUnreadable(error, socket, logger));
  return server;
}

function answerUnreadable(parserError: Error, socket: Socket, logger: Logger): void {
  const parserCode = errorCode(parserError);
  if (!socket.writable || parserCode === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const error = fail(PARSER_CODES[parserCode] ?? 'HTTP_INVALID');
  const requestId = randomUUID();
  const address = socket.remoteAddress;
  logger.info('unreadable request', { requestId, status: error.httpStatus, code: error.code, address });
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
