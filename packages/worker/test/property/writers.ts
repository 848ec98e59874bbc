import { Random } from './random.js';
import { openSession } from './session.js';
import type { SourceWorld } from './source-world.js';
import { changeRows } from './transactions.js';

const WRITERS = 2;

/** Changes rows at full speed, in several connections at once, until `work` has ended. */
export async function whileWritten<T>(world: SourceWorld, work: () => Promise<T>): Promise<T> {
  let over = false;
  const write = async (number: number) => {
    const client = await openSession(world.url);
    const own = { ...world, random: new Random(world.seed * 1009 + number) };
    try {
      while (!over) await changeRows(own, client);
    } finally {
      await client.end();
    }
  };
  const writers = Promise.all(Array.from({ length: WRITERS }, (_, number) => write(number)));
  try {
    return await work();
  } finally {
    over = true;
    await writers;
  }
}
