import { expect } from 'chai';
import { readRoles, statementsOf } from '../../src/postgres/globals-script.js';

const SCRIPT = `--
-- Roles; "not" one's statement
--

\\restrict abc

SET default_transaction_read_only = off;
CREATE ROLE "Arzt's ""x""; DROP";
ALTER ROLE "Arzt's ""x""; DROP" WITH NOSUPERUSER;
CREATE ROLE nurse;
ALTER ROLE nurse WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:a;b--c';
COMMENT ON ROLE nurse IS 'it''s; one
-- more';
ALTER ROLE nurse SET search_path TO 'x', 'y';
GRANT "Arzt's ""x""; DROP" TO nurse WITH ADMIN OPTION GRANTED BY postgres;
GRANT SET ON PARAMETER work_mem TO nurse;
CREATE TABLESPACE fast OWNER nurse LOCATION '/fast';
\\unrestrict abc
`;

describe('the companion with roles', () => {
  it('is read role by role, whatever stands in quotes', () => {
    expect(readRoles(SCRIPT)).to.deep.equal([
      {
        name: `Arzt's "x"; DROP`,
        statements: [`CREATE ROLE "Arzt's ""x""; DROP"`, `ALTER ROLE "Arzt's ""x""; DROP" WITH NOSUPERUSER`],
        memberships: [],
      },
      {
        name: 'nurse',
        statements: [
          'CREATE ROLE nurse',
          `ALTER ROLE nurse WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:a;b--c'`,
          `COMMENT ON ROLE nurse IS 'it''s; one\n-- more'`,
          `ALTER ROLE nurse SET search_path TO 'x', 'y'`,
        ],
        memberships: [`GRANT "Arzt's ""x""; DROP" TO nurse WITH ADMIN OPTION`],
      },
    ]);
  });

  it('an unfinished statement is none', () => {
    expect(statementsOf('CREATE ROLE a; CREATE ROLE b')).to.deep.equal(['CREATE ROLE a']);
  });
});
