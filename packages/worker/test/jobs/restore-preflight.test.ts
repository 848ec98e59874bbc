import { expect } from 'chai';
import { judgeTarget, type RestorePlan } from '../../src/jobs/restore-preflight.js';
import type { TargetFacts } from '../../src/postgres/target-facts.js';

const PLAN: RestorePlan = {
  database: 'copy',
  sidecar: {
    database: 'clinic',
    encoding: 'LATIN1',
    postgresVersion: '15.18',
    snapshot: { systemIdentifier: '1' },
  },
  incremental: false,
  entries: [
    { desc: 'EXTENSION', tag: 'postgis', owner: '', defn: null },
    { desc: 'TABLE', tag: 'patients', owner: 'doctor', defn: null },
    {
      desc: 'ACL',
      tag: 'TABLE patients',
      owner: 'doctor',
      defn: 'REVOKE ALL ON TABLE p FROM PUBLIC;\nGRANT SELECT ON TABLE p TO "Arzt ""x""" WITH GRANT OPTION;\n',
    },
    {
      desc: 'DEFAULT ACL',
      tag: 'DEFAULT PRIVILEGES FOR TABLES',
      owner: 'doctor',
      defn: 'ALTER DEFAULT PRIVILEGES FOR ROLE head GRANT SELECT ON TABLES TO nurse;\n',
    },
  ],
  mark: 'safekeep restore 1 ',
  withRoles: false,
  roles: [],
  withGrants: false,
  onSourceServer: false,
  historyDatabase: null,
};

const FACTS: TargetFacts = {
  serverVersion: '15.3',
  role: 'keeper',
  superuser: false,
  mayCreateDatabases: true,
  mayCreateRoles: false,
  systemIdentifier: '2',
  existing: null,
  extensions: new Set(['postgis']),
  roles: new Set(['keeper']),
};

const empty = { mark: '', encoding: 'UTF8', contents: [] };

describe('the preflight of a restore', () => {
  const fine: [promise: string, plan: Partial<RestorePlan>, facts: Partial<TargetFacts>][] = [
    ['a database that does not exist', {}, {}],
    ['an empty one', {}, { existing: empty, mayCreateDatabases: false }],
    [
      'what an earlier attempt left',
      {},
      { existing: { ...empty, mark: 'safekeep restore 1 run 3', contents: ['1 x'] } },
    ],
    ['the name of a source that is gone', { database: 'clinic', onSourceServer: true }, {}],
    ['the source’s name on another server', { database: 'clinic' }, { existing: empty }],
    ['owners that exist', { withRoles: true }, { roles: new Set(['doctor']) }],
    ['owners that the companion has', { withRoles: true, roles: ['doctor'] }, { mayCreateRoles: true }],
    ['grantees that exist', { withGrants: true }, { roles: new Set(['Arzt "x"', 'nurse', 'head']) }],
  ];
  for (const [promise, plan, facts] of fine) {
    it(`has nothing against ${promise}`, () => {
      expect(judgeTarget({ ...PLAN, ...plan }, { ...FACTS, ...facts }).problems).to.deep.equal([]);
    });
  }

  const refused: [why: RegExp, plan: Partial<RestorePlan>, facts: Partial<TargetFacts>][] = [
    [
      /holds 3 table\(s\), 1 schema\(s\)/,
      {},
      { existing: { ...empty, contents: ['3 table(s)', '1 schema(s)'] } },
    ],
    [
      /holds 1 table/,
      {},
      { existing: { ...empty, mark: 'safekeep restore 2 run 1', contents: ['1 table'] } },
    ],
    [/keeper may not create databases/, {}, { mayCreateDatabases: false }],
    [/of the source itself/, { database: 'clinic', onSourceServer: true }, { existing: empty }],
    [/of the source itself/, { database: 'clinic' }, { existing: empty, systemIdentifier: '1' }],
    [/of the history/, { historyDatabase: 'copy' }, {}],
    [/encoding SQL_ASCII, the source has LATIN1/, {}, { existing: { ...empty, encoding: 'SQL_ASCII' } }],
    [/encoding UTF8, the source has LATIN1/, { incremental: true }, { existing: empty }],
    [/lacks the extension\(s\) postgis/, {}, { extensions: new Set() }],
    [/may not create the missing role\(s\) doctor/, { withRoles: true, roles: ['doctor'] }, {}],
    [/owner\(s\) doctor do not exist/, { withRoles: true }, {}],
    [/role\(s\) Arzt "x", nurse, head, which do not exist/, { withGrants: true }, {}],
  ];
  for (const [why, plan, facts] of refused) {
    it(`refuses with ${why}`, () => {
      const { problems } = judgeTarget({ ...PLAN, ...plan }, { ...FACTS, ...facts });
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(why);
    });
  }

  it('tells everything at once', () => {
    const facts = {
      existing: { ...empty, encoding: 'LATIN2', contents: ['1 table(s)'] },
      extensions: new Set<string>(),
    };
    const plan = { ...PLAN, withRoles: true, withGrants: true };
    expect(judgeTarget(plan, { ...FACTS, ...facts }).problems).to.have.length(5);
  });

  it('warns of an older server, and that room is not known', () => {
    const { problems, warnings } = judgeTarget(PLAN, { ...FACTS, serverVersion: '14.9' });
    expect(problems).to.deep.equal([]);
    expect(warnings.join()).to.contain('older than the source').and.contain('room');
  });
});
