/** One fenced block of a Markdown document. */
export interface CodeBlock {
  /** The nearest heading above it and its number below that heading, such as `Verify backups 2`. */
  readonly title: string;
  /** Such as `bash` or `json`. */
  readonly language: string;
  readonly text: string;
}

/** All fenced code blocks of a document, in order. */
export function codeBlocksOf(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = '';
  let number = 0;
  let open: { language: string; lines: string[] } | null = null;
  for (const line of markdown.split('\n')) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (open !== null && fence !== null) {
      number += 1;
      blocks.push({ title: `${heading} ${number}`, language: open.language, text: open.lines.join('\n') });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (fence !== null) open = { language: fence[1] ?? '', lines: [] };
    else if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '');
      number = 0;
    }
  }
  return blocks;
}
