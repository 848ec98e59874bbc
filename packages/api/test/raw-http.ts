import { createConnection } from 'node:net';

/** Sends these bytes and returns all that comes back until the server closes the connection. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = createConnection(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.once('error', reject);
  });
}

/** A request written by hand, each header on a line of its own; the server is asked to close afterwards. */
export function written(start: string, headers: readonly string[], body = ''): string {
  return [`${start} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', body].join('\r\n');
}
