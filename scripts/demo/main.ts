import { demo } from './demo.js';
import { readOptions, USAGE } from './options.js';
import { runScript } from './run-script.js';

await runScript({ usage: USAGE, readOptions, progressTo: process.stdout, work: demo });
