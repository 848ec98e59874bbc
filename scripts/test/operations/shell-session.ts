import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One bash that a person works in: variables of one block are there in the next. */
export class ShellSession {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #onData: () => void = () => {};

  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#onData();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#onData();
    });
  }

  /** Runs a block to its end. A block that exits ends only itself when it is a script of its own (`#!`). */
  async run(block: string): Promise<Answer> {
    const mark = `end-${randomUUID()}`;
    const [outFrom, errFrom] = [this.#stdout.length, this.#stderr.length];
    const text = block.startsWith('#!') ? `bash <<'${mark}-script'\n${block}\n${mark}-script` : block;
    this.#child.stdin?.write(`${text}\nprintf '\\n${mark} %d\\n' $? >&1; printf '\\n${mark}\\n' >&2\n`);
    const end = new RegExp(`\\n${mark} (\\d+)\\n`);
    await this.#until(() => end.test(this.#stdout) && this.#stderr.includes(`\n${mark}\n`));
    const stdout = this.#stdout.slice(outFrom);
    const stderr = this.#stderr.slice(errFrom);
    return {
      code: Number(end.exec(stdout)?.[1]),
      stdout: stdout.slice(0, stdout.indexOf(`\n${mark}`)),
      stderr: stderr.slice(0, stderr.indexOf(`\n${mark}`)),
    };
  }

  close(): void {
    this.#child.stdin?.end();
  }

  /** @throws when the shell ends before: a block must not end the session */
  #until(met: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the shell ended: ${this.#stderr.slice(-500)}`));
      this.#child.once('exit', ended);
      this.#onData = () => {
        if (!met()) return;
        this.#child.off('exit', ended);
        resolve();
      };
      this.#onData();
    });
  }
}
