import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A web server that keeps what it gets. */
export interface WebReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedRequest[];
  /** What it answers from now on. */
  answer: { status: number; headers?: Record<string, string>; body?: string };
  close(): Promise<void>;
}

export async function receiveWeb(port = 0): Promise<WebReceiver> {
  const received: ReceivedRequest[] = [];
  const receiver = { received, answer: { status: 200 } } as unknown as WebReceiver;
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, path: url, headers, body });
      response.writeHead(receiver.answer.status, receiver.answer.headers).end(receiver.answer.body ?? 'ok');
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return Object.assign(receiver, { url: `http://127.0.0.1:${bound}/hook`, port: bound, close });
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly text: string;
}

/** A mail server that keeps what it gets. */
export interface MailReceiver {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** Refuses all recipients from now on. */
  refuses: boolean;
  close(): Promise<void>;
}

export async function receiveMail(): Promise<MailReceiver> {
  const received: ReceivedMail[] = [];
  const receiver = { received, refuses: false } as unknown as MailReceiver;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? '' }),
    onRcptTo: (_address, _session, done) =>
      done(receiver.refuses ? Object.assign(new Error('no such PATIENT here'), { responseCode: 550 }) : null),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (chunk) => {
        text += String(chunk);
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : (mailFrom?.address ?? '');
        received.push({ from, to: rcptTo.map(({ address }) => address), user: session.user as string, text });
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return Object.assign(receiver, { port: (listening.address() as AddressInfo).port, close });
}
