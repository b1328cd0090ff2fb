import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deedAt } from '../tools/define.ts';
import { makeContext } from '../tools/test-context.ts';

describe('[PERM-3] where changing a file counts as outside', () => {
  it.each([
    ['a.ts', 'edit-inside'],
    ['.github/workflows/ci.yml', 'edit-inside'],
    ['.gitignore', 'edit-inside'],
    ['.env', 'edit-inside'],
    ['.git', 'edit-outside'],
    ['.git/hooks/pre-commit', 'edit-outside'],
    ['packages/a/.git/config', 'edit-outside'],
    ['.farhand/settings.json', 'edit-outside'],
    ['.letta/x', 'edit-outside'],
    ['.claude/settings.json', 'edit-outside'],
    ['.agents/skills/x', 'edit-outside'],
    ['.husky/pre-push', 'edit-outside'],
    ['.VSCode/tasks.json', 'edit-outside'],
    ['.idea/x', 'edit-outside'],
    ['.mcp.json', 'edit-outside'],
    ['deep/.envrc', 'edit-outside'],
    ['.npmrc', 'edit-outside'],
    ['.gitmodules', 'edit-outside'],
    ['.bashrc', 'edit-outside'],
    ['x/../.git/config', 'edit-outside'],
    ['hidden/hooks/pre-commit', 'edit-outside'],
    ['elsewhere/a.ts', 'edit-outside'],
    ['../b.ts', 'edit-outside'],
    ['../home/settings.json', 'forbidden'],
    ['../scratch/output', 'edit-outside'],
  ])('%s: %s', async (path, reach) => {
    const context = await makeContext();
    await mkdir(join(context.cwd, '.git'));
    await mkdir(join(context.root, 'other'));
    await writeFile(join(context.root, 'b.ts'), '');
    await symlink('.git', join(context.cwd, 'hidden'));
    await symlink(join(context.root, 'other'), join(context.cwd, 'elsewhere'));
    expect((await deedAt('edit', path, context)).reach).toBe(reach);
  });

  it.each([
    ['.git/config', 'read-inside'],
    ['../b.ts', 'read-outside'],
    ['../home/settings.json', 'forbidden'],
    ['../scratch/output', 'read-inside'],
    ['.ssh/id_test', 'read-outside'],
    ['home/.AWS/credentials', 'read-outside'],
    ['src/.netrc', 'read-outside'],
    [`/proc/${process.pid}/environ`, 'forbidden'],
  ])('and reading: %s: %s', async (path, reach) => {
    expect((await deedAt('read', path, await makeContext())).reach).toBe(reach);
  });
});
