import type { Progress } from '@safekeep/shared/contracts/backup';
import { bytes, seconds } from '@safekeep/shared/format';
import { SingleBar } from 'cli-progress';

/** Shows how far a job is. */
export interface ProgressDisplay {
  show(progress: Progress | null): void;
  /** A line of its own. */
  say(line: string): void;
  close(): void;
}

/** A bar on a terminal; plain lines, one for each tenth, where output goes to a file, a pipe or cron's mail. */
export function openDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function describe(progress: Progress): string {
  const left = progress.secondsLeft === null ? '' : `, about ${seconds(progress.secondsLeft)} left`;
  const done = `${bytes(progress.doneBytes)} of ${bytes(progress.totalBytes)}`;
  return `${progress.phase}: ${done}, ${bytes(progress.bytesPerSecond)}/s${left}`;
}

function bar(stream: NodeJS.WriteStream): ProgressDisplay {
  const single = new SingleBar({
    stream,
    format: '{bar} {percent} %  {text}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  });
  let running = false;
  return {
    show: (progress) => {
      if (progress === null) return;
      if (!running) single.start(100, 0, { percent: '0', text: '' });
      running = true;
      single.update(progress.percent, {
        percent: progress.percent.toFixed(1).padStart(5),
        text: describe(progress),
      });
    },
    say: (line) => {
      if (running) single.stop();
      running = false;
      stream.write(`${line}\n`);
    },
    close: () => {
      if (running) single.stop();
      running = false;
    },
  };
}

function lines(stream: NodeJS.WritableStream): ProgressDisplay {
  let next = 0;
  return {
    show: (progress) => {
      if (progress === null || progress.percent < next) return;
      next = Math.floor(progress.percent / 10) * 10 + 10;
      stream.write(`${progress.percent.toFixed(1).padStart(5)} %  ${describe(progress)}\n`);
    },
    say: (line) => stream.write(`${line}\n`),
    close: () => {},
  };
}
