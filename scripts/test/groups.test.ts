import { expect } from 'chai';
import { bySeeds, findTests, groupsOf } from './groups.mjs';

describe('The groups of test files that run side by side', () => {
  it('hold every test file of the repository once', () => {
    const files = findTests();
    expect(files).to.include('scripts/test/groups.test.ts');
    expect(groupsOf(files).flatMap((group) => group.files)).to.have.members(files);
  });

  it('begin with those that take minutes, which exist', () => {
    const names = groupsOf(findTests()).map((group) => group.name);
    expect(names.slice(0, 4)).to.deep.equal([
      'packages/worker',
      'scripts/test/operations/operations',
      'packages/worker/test/faults/clocks',
      'packages/worker/test/faults/worker-frozen',
    ]);
  });

  it('are divided by seeds where many are tried, each seed once', () => {
    const groups = bySeeds([{ name: 'a', files: ['a.test.ts'] }], { first: 3, count: 7 });
    expect(groups).to.deep.equal([
      { name: 'a, seeds 3 to 7', files: ['a.test.ts'], env: { FAULT_SEED: '3', FAULT_SEEDS: '5' } },
      { name: 'a, seeds 8 to 9', files: ['a.test.ts'], env: { FAULT_SEED: '8', FAULT_SEEDS: '2' } },
    ]);
  });

  it('hold the small tests of scripts in one', () => {
    const small = ['scripts/test/figures.test.ts', 'scripts/test/groups.test.ts'];
    expect(groupsOf(small)).to.deep.equal([{ name: 'scripts/test', files: small }]);
    const [together] = groupsOf(findTests()).filter(({ name }) => name === 'scripts/test');
    expect(together?.files).to.include.members(small).and.to.have.length.above(10);
  });

  it('keep the tests of a package together, but those that start processes apart, and the long ones first', () => {
    const groups = groupsOf([
      'packages/shared/test/b.test.ts',
      'packages/worker/test/process/death.test.ts',
      'packages/shared/test/history/a.test.ts',
      'packages/worker/test/jobs/c.test.ts',
      'scripts/test/demo.test.ts',
    ]);
    expect(groups).to.deep.equal([
      { name: 'packages/worker', files: ['packages/worker/test/jobs/c.test.ts'] },
      {
        name: 'packages/shared',
        files: ['packages/shared/test/b.test.ts', 'packages/shared/test/history/a.test.ts'],
      },
      { name: 'packages/worker/test/process/death', files: ['packages/worker/test/process/death.test.ts'] },
      { name: 'scripts/test/demo', files: ['scripts/test/demo.test.ts'] },
    ]);
  });
});
