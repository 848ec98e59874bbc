import { expect } from 'chai';
import { type EnvironmentName, environmentNames } from '../../../packages/shared/src/config/schema.js';
import { Installation } from './installation.js';
import type { Option } from './option.js';
import { optionsOf } from './options.js';
import { World } from './world.js';

describe('the environment', function () {
  this.timeout(90_000);
  let world: World;
  let options: Record<string, Option>;
  let installations: readonly [Installation, Installation];

  before(async () => {
    world = await World.open();
    options = optionsOf(world);
    installations = [
      new Installation('first', variables(options, 0)),
      new Installation('second', variables(options, 1)),
    ];
    await Promise.all(installations.map((installation) => installation.start()));
  });
  after(async () => {
    await Promise.all(installations.map((installation) => installation.stop()));
    await world.close();
  });

  it('has a row here for every variable of the schema, and no other', () => {
    expect(Object.keys(options)).to.have.members(environmentNames);
  });

  for (const name of environmentNames) {
    it(`${name} changes what can be seen`, async () => {
      const { values, look, sees } = options[name] as Option;
      expect(values[0], 'values').to.not.equal(values[1]);
      expect(sees[0], 'what is expected').to.not.deep.equal(sees[1]);
      const seen = await Promise.all(installations.map((installation) => look(installation)));
      expect(seen).to.deep.equal(sees);
    });
  }
});

function variables(options: Readonly<Record<string, Option>>, at: 0 | 1): Record<string, string> {
  const given = Object.entries(options).flatMap(([name, { values }]): [string, string][] => {
    const value = values[at];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given) satisfies Partial<Record<EnvironmentName, string>>;
}
