import { SafekeepError } from '../../src/errors.js';
import { LocalStorage } from '../../src/storage/local.js';

/** Checks backup directories with the rights of this process, and prints what came of it. */
const answers: string[] = [];
for (const directory of process.argv.slice(2)) {
  try {
    await new LocalStorage(directory, 'main').check();
    answers.push('usable');
  } catch (error) {
    if (!(error instanceof SafekeepError)) throw error;
    const reason = error.message.replace(/^.* cannot be used: (.*)\.$/, '$1');
    answers.push(`${error.code} ${directory}: ${reason}`);
  }
}
process.stdout.write(JSON.stringify(answers));
