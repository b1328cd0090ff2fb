import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bash } from '../tools/bash.ts';
import { makeContext } from '../tools/test-context.ts';
import { evaluate } from './evaluate.ts';
import { collectRules } from './rule-set.ts';

/** What rules say of a command in a project with the files `LICENSE` and `src/a.txt`, in the freest mode. */
async function said(rules: Record<string, readonly string[]>, command: string): Promise<string> {
  const context = await makeContext();
  for (const folder of ['src', 'secret']) mkdirSync(join(context.cwd, folder));
  for (const file of ['LICENSE', 'src/a.txt', 'secret/key']) writeFileSync(join(context.cwd, file), 'x');
  const settings = { read: () => ({ v: 1, rules }) as never };
  const set = collectRules(
    { settings, home: context.root, farhand: join(context.root, 'home') },
    context.cwd,
  );
  return evaluate('Bash', await bash.deeds({ command }, context), set).unrestricted.verdict;
}

describe('[PERM-3] rules about files hold for commands that name them', () => {
  it.each([
    ['cp src/a.txt LICENSE', 'deny'],
    ['mv src/a.txt LICENSE', 'deny'],
    ['echo x | tee LICENSE', 'deny'],
    ['echo x > LICENSE', 'deny'],
    ['true && cp src/a.txt ./src/../LICENSE', 'deny'],
    ['touch LICENSE', 'deny'],
    ['sed -i s/a/b/ LICENSE', 'ask'],
    ['rm LICENSE', 'ask'],
    ['perl -pi -e 1 --file=LICENSE', 'ask'],
    ['cat LICENSE', 'allow'],
    ['cp LICENSE src/b.txt', 'allow'],
    ['sed -i s/a/b/ src/a.txt', 'allow'],
  ])('that deny Edit(LICENSE): %s is %s', async (command, verdict) => {
    expect(await said({ deny: ['Edit(LICENSE)'] }, command)).toBe(verdict);
  });

  it.each([
    ['cat secret/key', 'deny'],
    ['cp secret/key src/key', 'deny'],
    ['cd secret && cat key', 'deny'],
    ['grep -r x secret', 'deny'],
    ['python3 secret/key', 'ask'],
    ['cat /etc/hostname', 'deny'],
    ['ls src', 'allow'],
  ])('that deny Read(secret/**) and Read(/etc/**): %s is %s', async (command, verdict) => {
    expect(await said({ deny: ['Read(secret/**)', 'Read(/etc/**)'] }, command)).toBe(verdict);
  });

  it.each(['cp src/a.txt LICENSE', 'rm LICENSE'])('that ask: %s', async (command) => {
    expect(await said({ ask: ['Edit(LICENSE)'] }, command)).toBe('ask');
  });

  it('and what is allowed for a command is not asked for its files', async () => {
    const context = await makeContext();
    writeFileSync(join(context.cwd, 'a.txt'), 'x');
    const settings = { read: () => ({ v: 1, rules: { allow: ['Bash(cp:*)', 'Bash(rm:*)'] } }) as never };
    const set = collectRules(
      { settings, home: context.root, farhand: join(context.root, 'home') },
      context.cwd,
    );
    for (const command of ['cp a.txt b.txt', 'rm a.txt'])
      expect(evaluate('Bash', await bash.deeds({ command }, context), set).standard.verdict).toBe('allow');
  });
});
