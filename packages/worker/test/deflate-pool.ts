import { createDeflatePool } from '@safekeep/archive/parallel-gzip/deflate-pool';

/** The threads that compress the backups of all tests of one process. */
export const deflatePool = createDeflatePool(2);
