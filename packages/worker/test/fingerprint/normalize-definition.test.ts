import { expect } from 'chai';
import { normalizeDefinition } from '../../src/fingerprint/normalize-definition.js';

/** The same thing before and after a dump and restore, as PostgreSQL 15 prints it. */
const SAME: readonly (readonly [string, string])[] = [
  [
    `CHECK (((kind)::text = ANY ((ARRAY['in'::character varying, 'out'::character varying])::text[])))`,
    `CHECK (((kind)::text = ANY (ARRAY[('in'::character varying)::text, ('out'::character varying)::text])))`,
  ],
  [
    `CHECK ((at > '2020-01-01'::timestamp(3) without time zone))`,
    `CHECK ((at > ('2020-01-01'::date)::timestamp without time zone))`,
  ],
  [` SELECT a.id\n   FROM a`, ` SELECT a.id FROM a`],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  [
    `CHECK ((kind = ANY (ARRAY['in'::text, 'out'::text])))`,
    `CHECK ((kind = ANY (ARRAY['in'::text, 'off'::text])))`,
  ],
  ['CHECK (((a OR b) AND c))', 'CHECK ((a OR (b AND c)))'],
  ['CHECK ((a > 1))', 'CHECK ((a > 10))'],
  ['CREATE INDEX i ON public.t USING btree (a)', 'CREATE INDEX i ON public.t USING btree (b)'],
  ['CREATE INDEX i ON public.t USING btree (lower(a))', 'CREATE INDEX i ON public.t USING btree (a)'],
  ['FOREIGN KEY (a) REFERENCES b(id)', 'FOREIGN KEY (a) REFERENCES b(id) ON DELETE CASCADE'],
];

describe('a normalized definition', () => {
  for (const [before, after] of SAME) {
    it(`is the same after a restore: ${before}`, () => {
      expect(normalizeDefinition(after)).to.equal(normalizeDefinition(before));
    });
  }
  for (const [one, other] of DIFFERENT) {
    it(`keeps apart: ${one} and ${other}`, () => {
      expect(normalizeDefinition(other)).not.to.equal(normalizeDefinition(one));
    });
  }
});
