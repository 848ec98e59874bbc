import { expect } from 'chai';
import { pieces } from '../../../archive/test/flow.js';
import { DataScript } from '../../src/postgres/data-script.js';

const SCRIPT = `--
-- PostgreSQL database dump
--

SELECT pg_catalog.set_config('search_path', '', false);

COPY clinic.empty (id) FROM stdin;
\\.


COPY clinic."odd
name" (id, note) FROM stdin;
1\tSELECT pg_catalog.lo_open('7', 131072);
2\tCOPY x (id) FROM stdin;

\\\\.
\\.


SELECT pg_catalog.setval('clinic.s', 3, true);

BEGIN;

SELECT pg_catalog.lo_open('100001', 131072);
SELECT pg_catalog.lowrite(0, '\\x${'00'.repeat(9000)}');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('100002', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;
`;

describe('the script in which pg_restore writes the data of an archive', () => {
  it('tells the rows of each table and the number of large objects, in pieces of any size', () => {
    for (const size of [1, 2, 13, 14, 1000, SCRIPT.length]) {
      const script = new DataScript();
      for (const piece of pieces(Buffer.from(SCRIPT), size)) script.feed(piece);
      expect(script.rows, `pieces of ${size}`).to.deep.equal([0, 4]);
      expect(script.largeObjects).to.equal(2);
      expect(script.settled).to.equal(true);
    }
  });

  it('is not settled while rows may follow', () => {
    const script = new DataScript();
    script.feed(Buffer.from('COPY t (id) FROM stdin;\n1\n\\.'));
    expect(script.settled).to.equal(false);
    script.feed(Buffer.from('\n'));
    expect(script.settled).to.equal(true);
  });
});
