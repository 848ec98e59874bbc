import { BootstrapError } from './run.mjs';

/** The first release that loads ES modules by `require`, which mocha needs; package.json says the same. */
const MINIMUM = { major: 20, minor: 19 };

/**
 * @param {string} [version] such as `20.19.0`
 * @throws {BootstrapError} when Node is too old
 */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MINIMUM.major || (major === MINIMUM.major && minor >= MINIMUM.minor)) return;
  throw new BootstrapError(
    `Safekeep needs Node.js ${MINIMUM.major}.${MINIMUM.minor} or newer, this is ${version}: install it from https://nodejs.org/`,
  );
}
