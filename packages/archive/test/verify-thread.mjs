// Threads do not inherit the loader of sources from mocha.
import { register } from 'tsx/esm/api';

register();
await import('../src/verify-thread.ts');
