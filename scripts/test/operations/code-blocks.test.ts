import { expect } from 'chai';
import { codeBlocksOf } from './code-blocks.js';
import { hasCommands, withoutContainers } from './without-containers.js';

describe('The commands of the operations document', () => {
  it('are found with the heading they stand under, and their number there', () => {
    const text = '# One\n```sh\na\nb\n```\ntext\n```json\n{}\n```\n## Two\n- x\n\n  ```bash\n  c\n  ```\n';
    expect(codeBlocksOf(text)).to.deep.equal([
      { title: 'One 1', language: 'sh', text: 'a\nb' },
      { title: 'One 2', language: 'json', text: '{}' },
      { title: 'Two 1', language: 'bash', text: '  c' },
    ]);
  });

  it('lose the container they are run in, and nothing else', () => {
    const block =
      'docker-compose exec backup /backup.sh full\ngunzip -c x | docker-compose exec -T postgres pg_restore -d y';
    expect(withoutContainers(block)).to.deep.equal({
      script: '/backup.sh full\ngunzip -c x | pg_restore -d y',
      leftOut: [],
    });
  });

  it('are left out when they are of the engine itself, of the disk or of the calendar, and are named', () => {
    const block =
      '# look\ndocker-compose ps backup\ndf -h /backups\nfind /b -name "*" -mtime +90 -delete\ndocker volume rm x';
    const { script, leftOut } = withoutContainers(block);
    expect(script).to.equal('# look');
    expect(hasCommands(script)).to.equal(false);
    expect(leftOut).to.have.length(4);
    expect(withoutContainers('find /b -name "*"').leftOut).to.deep.equal([]);
  });
});
