import { runScript } from '../demo/run-script.js';
import { readOptions, USAGE } from './options.js';
import { soak } from './soak.js';

await runScript({ usage: USAGE, readOptions, progressTo: process.stdout, work: soak });
// What a fault left open, such as a connection that a proxy swallowed, must not keep the process.
process.exit();
