import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { insideTool } from '../../runtime/tool-environment.ts';
import { aHome } from './test-home.ts';

/** A home whose commands run in a project below it. */
function aProject() {
  const home = aHome();
  const cwd = join(home.folder, 'project');
  mkdirSync(cwd);
  const start = (...argv: string[]) => home.start(['rules', ...argv], { cwd });
  const run = async (...argv: string[]) => {
    const { io, code } = start(...argv);
    return { code: await code, stdout: io.stdout(), stderr: io.stderr() };
  };
  const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).stdout);
  const settings = join(home.folder, '.farhand/settings.json');
  const own = (content: unknown, folder = '.farhand') => {
    mkdirSync(join(cwd, folder), { recursive: true });
    writeFileSync(join(cwd, folder, 'settings.json'), JSON.stringify(content));
  };
  return { ...home, cwd, run, json, own, settings, read: () => JSON.parse(readFileSync(settings, 'utf8')) };
}

describe('farhand rules', () => {
  it('adds, lists and removes rules of this project and of everywhere', async () => {
    const { cwd, run, json, read } = aProject();
    expect((await run()).stdout).toBe('No rules hold here beside those of the permission mode.\n');
    expect((await run('add', 'allow', 'Bash(npm run:*)')).stdout).toBe(
      `Added: allow Bash(npm run:*), for ${cwd}.\n`,
    );
    expect((await run('add', 'deny', 'Read(~/.ssh/**)', '--everywhere')).code).toBe(0);
    expect((await run('ls')).stdout).toBe(
      `deny   Read(~/.ssh/**)  yours, everywhere\nallow  Bash(npm run:*)  yours, for ${cwd}\n`,
    );
    expect(await json('ls')).toMatchObject({
      project: cwd,
      rules: [
        { kind: 'deny', rule: 'Read(~/.ssh/**)', yours: true, where: null },
        { kind: 'allow', rule: 'Bash(npm run:*)', yours: true, where: cwd },
      ],
    });
    expect((await run('rm', 'Bash(npm run:*)')).stdout).toBe('Removed: Bash(npm run:*).\n');
    expect(read()).toMatchObject({
      rules: { deny: ['Read(~/.ssh/**)'] },
      projects: { [cwd]: { rules: { allow: [] } } },
    });
  });

  it.each([
    [['add', 'permit', 'Bash'], 'to allow, ask or deny, not to "permit"'],
    [['add', 'allow', 'Bash(a | b)'], '"|" is the shell\'s own'],
    [['rm', 'Bash'], 'No rule of yours here reads "Bash"'],
    [['explain', 'Nothing', 'x'], 'There is no tool "Nothing". Tools: Bash, '],
    [['explain', 'Read', '{'], 'The input is not JSON'],
  ])('says what is wrong with %j', async (argv, why) => {
    const { run } = aProject();
    const { code, stderr } = await run(...argv);
    expect(code).not.toBe(0);
    expect(stderr).toContain(why);
  });

  it('[PERM-8] shows what trusting a project would allow, and trusts it only when told to', async () => {
    const { cwd, run, json, own, read } = aProject();
    own({ rules: { allow: ['Bash(npm test)'], deny: ['Edit(dist/**)'] } });
    expect((await run('ls')).stdout).toContain('One rule of the project would allow more and does not count');
    expect(await json('trust', '--show')).toMatchObject({
      allow: [{ rule: 'Bash(npm test)' }],
      trusted: false,
    });
    const refused = await run('trust');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('Add --yes');
    expect(refused.stdout).toContain('would allow:\n  Bash(npm test)');
    expect((await run('trust', '--yes')).code).toBe(0);
    expect(read().projects[cwd].trusted).toMatch(/^[0-9a-f]{64}$/);
    expect((await run('trust')).stdout).toBe('You trust the rules of this project as they are now.\n');
    expect((await run('ls')).stdout).toContain('allow  Bash(npm test)');
    own({ rules: { allow: ['Bash'] } });
    expect((await json('ls')).untrusted).toMatchObject([{ rule: 'Bash' }]);
    const theirs = await run('rm', 'Edit(dist/**)');
    expect(theirs.stderr).toContain('No rule of yours');
  });

  it('explains a call in every mode, without making it', async () => {
    const { cwd, run, json, own } = aProject();
    own({ permissions: { deny: ['Read(.env)'] } }, '.claude');
    const { stdout } = await run('explain', 'Write', '.vscode/tasks.json');
    expect(stdout).toContain('edit-outside  .vscode/tasks.json\n');
    expect(stdout).toMatch(/^acceptEdits: ask +Write of `\.vscode\/tasks\.json`: changes files outside/m);
    expect(await json('explain', 'Read', '{"file_path": ".env"}')).toMatchObject({
      deeds: [{ reach: 'read-inside', subject: '.env' }],
      rulings: {
        unrestricted: {
          verdict: 'deny',
          reason: `Denied by the rule Read(**/.env) of ${cwd}/.claude/settings.json: Read of \`.env\``,
        },
      },
      suggestions: [],
    });
    expect(await json('explain', 'Write', 'a.txt')).toMatchObject({
      suggestions: [{ rules: ['Edit(*)'] }, {}],
    });
    expect((await json('explain', 'Read', '~/.farhand/settings.json')).deeds).toMatchObject([
      { reach: 'forbidden' },
    ]);
  });

  it('[PERM-7] changes nothing from inside a tool, and looks all the same', async () => {
    const { start, cwd, settings } = aProject();
    const env = { [insideTool]: '1' };
    for (const argv of [
      ['add', 'allow', 'Bash'],
      ['rm', 'Bash'],
      ['trust', '--yes'],
    ]) {
      const { io, code } = start(['rules', ...argv], { cwd, env });
      expect(await code).toBe(1);
      expect(io.stderr()).toContain('only a person decides');
    }
    for (const argv of [['ls'], ['trust', '--show'], ['explain', 'Read', 'x']])
      expect(await start(['rules', ...argv], { cwd, env }).code).toBe(0);
    expect(() => readFileSync(settings)).toThrow('ENOENT');
  });

  it('says what is broken, and leaves it as it is', async () => {
    const { run, settings } = aProject();
    await run();
    writeFileSync(settings, '{');
    expect((await run('ls')).stderr).toContain('Your own rules do not count:');
    const refused = await run('add', 'deny', 'Bash');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('is not JSON');
    expect(readFileSync(settings, 'utf8')).toBe('{');
  });
});
