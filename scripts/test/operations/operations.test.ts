import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CodeBlock, codeBlocksOf } from './code-blocks.js';
import { DOCUMENT_EFFECTS } from './document-effects.js';
import type { Effect } from './effect.js';
import { MANUAL_EFFECTS } from './manual-effects.js';
import { RECOVERY_EFFECTS } from './recovery-effects.js';
import { openSite, type Site } from './site.js';
import { hasCommands, withoutContainers } from './without-containers.js';

/** In the order in which a site would come to need them. */
const DOCUMENTS = ['OPERATIONS', 'DISASTER_RECOVERY_PLAN'];
const EFFECTS: Readonly<Record<string, Effect>> = {
  ...MANUAL_EFFECTS,
  ...DOCUMENT_EFFECTS,
  ...RECOVERY_EFFECTS,
};

/** The blocks of the documents that hold commands, as they are run without containers. */
const BLOCKS = DOCUMENTS.flatMap((name) =>
  codeBlocksOf(readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), 'utf8')),
)
  .filter((block) => block.language === 'bash' || block.language === 'sh')
  .map((block) => ({ ...block, ...withoutContainers(block.text) }));

describe('The operations document and the recovery plan, run command by command', function () {
  this.timeout(180_000);
  let site: Site;
  before(async () => {
    site = await openSite();
    // The document begins where the first night has passed.
    expect((await site.run('/backup.sh full && /backup.sh test')).code).to.equal(0);
    expect((await site.run('/backup.sh full --source lab && /backup.sh test')).code).to.equal(0);
    // One source of this site is out of order.
    expect((await site.run('/backup.sh full --source broken')).code).to.equal(3);
  });
  after(() => site?.close());

  it('has an effect for every block, and no effect for a block that is not there', () => {
    const titles = BLOCKS.filter((block) => hasCommands(block.script)).map((block) => block.title);
    expect(titles).to.have.members(Object.keys(EFFECTS));
  });

  for (const block of BLOCKS.filter(({ script }) => hasCommands(script))) {
    it(block.title, () => runBlock(site, block));
  }

  it('finds a backup file that was cut short: each check of the document turns red', async () => {
    const newest = site.files(/^full_.*\.gz$/).at(-1) ?? '';
    truncateSync(join(site.backups, newest), 4096);
    for (const title of ['Verify backups 2', 'Verify backups 3', 'Troubleshooting 4', 'Troubleshooting 6']) {
      await expectRed(site, title);
    }
    const [backup] = await site.history<{ id: string }>(
      `SELECT id FROM backups WHERE file_name = '${newest}'`,
    );
    const verified = await site.run(`/backup.sh test ${backup?.id}`);
    expect(verified.code).to.equal(5);
    await expectRed(site, 'Verify backups 1');
  });
});

async function runBlock(site: Site, block: CodeBlock & { readonly script: string }): Promise<void> {
  const effect = EFFECTS[block.title];
  if (effect === undefined) throw new Error(`the block has no effect:\n${block.text}`);
  const before = await effect.before?.(site);
  const answer = await site.run(block.script);
  await effect.after(site, answer, before as never);
}

async function expectRed(site: Site, title: string): Promise<void> {
  const block = BLOCKS.find((candidate) => candidate.title === title);
  if (block === undefined) throw new Error(`there is no block ${title}`);
  const green = await runBlock(site, block).then(
    () => true,
    () => false,
  );
  expect(green, `${title} is green although a file is broken`).to.equal(false);
}
