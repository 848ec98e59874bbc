import { expect } from 'chai';
import { psql } from '../../demo/psql.js';
import { type Effect, expectCopy, prints, tablesOf } from './effect.js';

/** What the blocks of the disaster recovery plan do, by heading and number. */
export const RECOVERY_EFFECTS: Readonly<Record<string, Effect>> = {
  'Restore with Safekeep 1': {
    after: async (site, { code, stderr }) => {
      expect(code, stderr).to.equal(0);
      await expectCopy(site, 'clinic_restored');
      await psql(site.database('postgres'), 'DROP DATABASE clinic_restored');
    },
  },
  'Restore with Safekeep 2': {
    after: async (site, { code, stderr }) => {
      expect(code, stderr).to.equal(0);
      expect(await tablesOf(site, 'clinic_tables')).to.equal('appointments patients');
    },
  },
  'Restore by hand, with stock tools alone 1': {
    after: (_site, { code }) => {
      expect(code).to.equal(0);
    },
  },
  'Restore by hand, with stock tools alone 2': prints('CREATE ROLE medical_user;'),
  'Restore by hand, with stock tools alone 3': {
    after: (_site, { stderr }) => {
      expect(
        stderr
          .trim()
          .split('\n')
          .every((line) => /^$|already exists/.test(line)),
      ).to.equal(true);
    },
  },
  'Restore by hand, with stock tools alone 4': {
    after: async (site, { stdout }) => {
      expect(stdout).to.include('0 0 0');
      await expectCopy(site, 'clinic_restored');
      await psql(site.database('postgres'), 'DROP DATABASE clinic_restored; ');
      await psql(site.database('postgres'), 'CREATE DATABASE clinic_restored OWNER medical_user');
    },
  },
  'Restore by hand, with stock tools alone 5': { after: (site) => expectCopy(site, 'clinic_restored') },
  'Restore by hand, with stock tools alone 6': prints('"tables":[{', 'patients|5000', 'appointments|9000'),
  'An incremental by hand 1': {
    before: async (site) => {
      // The same values in another version of the row: something to store, and the copy is still the source.
      await psql(site.database('healthy_stellar'), 'UPDATE patients SET name = name WHERE id = 1');
      expect((await site.run('./backup.sh incremental')).code).to.equal(0);
    },
    after: (site, { code, stdout }) => {
      expect(code).to.equal(0);
      expect(stdout).to.include(site.files(/^incremental_.*\.gz$/).at(-1) ?? 'an incremental');
      expect(stdout).to.match(/(full|emergency)_backup_\d{8}_\d{6}\.pgdump\.enc\.gz$/m);
    },
  },
  'An incremental by hand 2': {
    after: async (site, { stdout, stderr }) => {
      expect(stdout.match(/^0 0 0$/gm), stderr).to.have.length(2);
      await expectCopy(site, 'clinic_chain');
      await psql(site.database('postgres'), 'DROP DATABASE clinic_chain');
    },
  },
  'Check a file by hand 1': prints(': OK', 'whole', 'gzip compressed data', 'Salted__'),
  'Check a file by hand 2': prints('TABLE DATA public patients'),
};
