import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const root = new URL('../../', import.meta.url);
const dockerfile = readFileSync(new URL('docker/Dockerfile', root), 'utf8').replaceAll('\\\n', ' ');

interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
}

function copies(): Copy[] {
  return [...dockerfile.matchAll(/^COPY (?:--from=(\S+) )?(.+)$/gm)].map(([, from, paths = '']) => ({
    from,
    sources: paths.trim().split(/\s+/).slice(0, -1),
  }));
}

/** A line of .dockerignore such as `!packages` lets a path of the build context in. */
function isInContext(path: string): boolean {
  const kept = readFileSync(new URL('.dockerignore', root), 'utf8').match(/^!.+$/gm) ?? [];
  return kept.some((line) => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`));
}

describe('docker/Dockerfile', () => {
  it('copies only what exists and .dockerignore lets in', () => {
    const sources = copies().flatMap(({ from, sources }) => (from === undefined ? sources : []));
    expect(sources).to.include('pnpm-lock.yaml');
    for (const source of sources) {
      expect(existsSync(new URL(source, root)), source).to.equal(true);
      expect(isInContext(source), source).to.equal(true);
    }
  });

  it('copies between stages that exist', () => {
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
    for (const { from } of copies()) if (from !== undefined) expect(stages).to.include(from);
  });

  it('has the manifest and the build of every package', () => {
    for (const name of readdirSync(new URL('packages', root))) {
      expect(dockerfile).to.include(`COPY packages/${name}/package.json packages/${name}/\n`);
      expect(dockerfile).to.include(`COPY --from=build /app/packages/${name}/dist packages/${name}/dist\n`);
    }
  });

  it('installs with the pnpm of package.json', () => {
    const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      packageManager: string;
    };
    expect(dockerfile).to.include(`npm install --global ${packageManager}\n`);
  });

  it('does not run as root', () => {
    expect(dockerfile.match(/^USER .+$/gm)?.at(-1)).to.equal('USER 10001:10001');
  });
});
