/**
 * Node's arguments for a program of a package. `npm test` has just built all of them, so there the tests run what users
 * run, at half the cost of a start; a test that is run by itself takes the sources, which need no build.
 *
 * @param source below the repository, such as `packages/worker/src/main.ts`
 */
export function programArguments(source: string): string[] {
  if (process.env.SAFEKEEP_TEST_BUILT === '1') {
    return [source.replace('/src/', '/dist/').replace(/\.ts$/, '.js')];
  }
  return ['--import', 'tsx/esm', '--conditions=source', source];
}
