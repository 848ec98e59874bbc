import { createConnection, type Socket } from 'node:net';

/** A connection that says what it likes, at its own pace. */
export class RawClient {
  readonly socket: Socket;
  /** How it ended: the status of the first answer, `closed` without one, or `refused`. */
  readonly ended: Promise<string>;
  /** All answers that came, by their status lines. */
  answers = 0;
  #status = '';
  #tail = '';

  constructor(port: number) {
    this.socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
    // What is counted is how it ended; a reset is one way.
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    this.socket.once('end', () => this.socket.destroy());
    this.ended = new Promise((resolve) => {
      this.socket.once('close', () => resolve(this.#status || (this.connected ? 'closed' : 'refused')));
      this.socket.once('connect', () => {
        this.connected = true;
      });
    });
  }

  connected = false;

  get open(): boolean {
    return !this.socket.destroyed;
  }

  /** Says the next piece each time so many milliseconds have passed, until the server has had enough. */
  drip(piece: string, everyMs: number): void {
    const timer = setInterval(() => {
      if (this.open && this.socket.writable) this.socket.write(piece);
    }, everyMs);
    this.socket.once('close', () => clearInterval(timer));
  }

  /** Says one piece after the other as fast as the server takes them. */
  pour(piece: Buffer): void {
    const next = () => {
      while (this.open && this.socket.writable) {
        if (!this.socket.write(piece)) return void this.socket.once('drain', next);
      }
    };
    next();
  }

  #read(text: string): void {
    const seen = this.#tail + text;
    for (const [, status] of seen.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
      this.answers += 1;
      this.#status ||= status ?? '';
    }
    // A status line that is cut in two is seen once its end is here.
    const cut = seen.slice(-12);
    this.#tail = /HTTP\/1\.1 \d{3} /.test(cut) ? '' : cut;
  }
}
