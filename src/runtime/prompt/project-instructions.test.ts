import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deeperInstructions } from './deeper-instructions.ts';
import { projectInstructions } from './project-instructions.ts';

/** A folder with files; a path that ends in a slash is a folder. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-prompt-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(path.endsWith('/') ? join(root, path) : dirname(join(root, path)), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(join(root, path), text);
  }
  return root;
}
const read = (root: string, cwd: string) =>
  projectInstructions(join(root, cwd), join(root, 'home')).map(({ path, text }) => [
    path.slice(root.length + 1),
    text,
  ]);

describe('instructions', () => {
  it('are the person’s own, then those of the repository down to the working directory', () => {
    const root = tree({
      'home/AGENTS.md': 'mine',
      'AGENTS.md': 'above the repository',
      'repo/.git/': '',
      'repo/AGENTS.md': 'all',
      'repo/CLAUDE.md': 'passed over beside AGENTS.md',
      'repo/web/CLAUDE.md': 'web',
      'repo/web/src/': '',
      'repo/api/AGENTS.md': 'elsewhere',
    });
    expect(read(root, 'repo/web/src')).toEqual([
      ['home/AGENTS.md', 'mine'],
      ['repo/AGENTS.md', 'all'],
      ['repo/web/CLAUDE.md', 'web'],
    ]);
  });

  it('without a repository are those of the working directory alone', () => {
    const root = tree({ 'AGENTS.md': 'above', 'work/AGENTS.md': 'here', 'home/': '' });
    expect(read(root, 'work')).toEqual([['work/AGENTS.md', 'here']]);
  });

  it('[PROMPT-2] that lead out of the project show nothing of what is there', () => {
    const root = tree({ secret: 'key', 'repo/.git/': '', 'repo/docs/RULES.md': 'inside', 'home/': '' });
    symlinkSync(join(root, 'secret'), join(root, 'repo/AGENTS.md'));
    expect(read(root, 'repo')).toEqual([]);
    symlinkSync('docs/RULES.md', join(root, 'repo/CLAUDE.md'));
    expect(read(root, 'repo')).toEqual([['repo/CLAUDE.md', 'inside']]);
  });

  it('that are a folder, empty or endless do no harm', () => {
    const root = tree({
      'repo/.git/': '',
      'repo/AGENTS.md/': '',
      'repo/CLAUDE.md': 'x'.repeat(40_000),
      'home/': '',
    });
    const [[, text] = []] = read(root, 'repo');
    expect(text).toHaveLength(
      32 * 1024 + '\n[cut: it goes on in '.length + join(root, 'repo/CLAUDE.md').length + 1,
    );
  });

  it.runIf(process.getuid?.() !== 0)('that cannot be read say so', () => {
    const root = tree({ 'repo/.git/': '', 'repo/AGENTS.md': 'x', 'home/': '' });
    chmodSync(join(root, 'repo/AGENTS.md'), 0);
    expect(read(root, 'repo')).toEqual([['repo/AGENTS.md', expect.stringContaining('cannot be read')]]);
  });
});

describe('instructions further down', () => {
  it('are found, not in what others wrote, and looked for again after a minute', async () => {
    const root = tree({
      'AGENTS.md': 'here',
      'web/AGENTS.md': 'web',
      'web/deep/er/CLAUDE.md': 'deep',
      'node_modules/x/AGENTS.md': 'theirs',
      '.hidden/AGENTS.md': 'hidden',
      'odd\u001b[2J/AGENTS.md': 'escape',
    });
    let now = 0;
    const find = deeperInstructions(() => now);
    expect(await find(root)).toEqual(['web/AGENTS.md', 'web/deep/er/CLAUDE.md']);
    mkdirSync(join(root, 'api'));
    writeFileSync(join(root, 'api/AGENTS.md'), 'api');
    expect(await find(root)).toHaveLength(2);
    now = 60_000;
    expect(await find(root)).toEqual(['api/AGENTS.md', 'web/AGENTS.md', 'web/deep/er/CLAUDE.md']);
  });
});
