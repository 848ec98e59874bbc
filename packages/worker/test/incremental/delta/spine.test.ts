import { expect } from 'chai';
import { sql } from '../../../../shared/test/servers.js';
import { apply, archiveOf, copyOf, pairOf, sorted } from './pair.js';

const CLINIC = `
  CREATE TABLE patients (id bigint PRIMARY KEY, name text, scan bytea);
  INSERT INTO patients SELECT g, 'name ' || g, sha256(g::text::bytea) FROM generate_series(1, 2000) g;
  CREATE TABLE visits (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, patient bigint REFERENCES patients, note text);
  INSERT INTO visits (patient, note) SELECT 1 + g % 500, 'note ' || g FROM generate_series(1, 300) g;
  CREATE TABLE log (at int, what text); INSERT INTO log VALUES (1, 'x'); CREATE TABLE rooms (id int PRIMARY KEY);
  INSERT INTO rooms VALUES (1), (2);
  CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM visits;`;

const CHANGES = `
  UPDATE patients SET name = name || E'\\t\\\\.\\n' WHERE id % 100 = 0; DELETE FROM visits WHERE id % 50 = 1;
  INSERT INTO visits (patient, note) VALUES (7, NULL), (8, '\\N'), (9, ''); INSERT INTO log VALUES (2, 'y'), (2, 'y');
  REFRESH MATERIALIZED VIEW counts;`;

describe('a delta archive', function () {
  this.timeout(60_000);

  it('makes the base what the source is, by one plain pg_restore', async () => {
    const pair = await pairOf(CLINIC);
    await sql(pair.source, CHANGES);
    const archive = await archiveOf(pair);
    const target = await copyOf(pair.base.database);
    expect(await apply(archive, target)).to.deep.equal({ code: 0, stderr: '' });
    expect(await sorted(target)).to.equal(await sorted(pair.source));
  });
});
