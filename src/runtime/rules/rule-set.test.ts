import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../core/permission.ts';
import { modes } from '../../protocol/modes.ts';
import type { Deed } from '../tools/tool.ts';
import { evaluate } from './evaluate.ts';
import { nameOf } from './rule.ts';
import { type Around, collectRules } from './rule-set.ts';
import { createRules } from './rules.ts';
import { aProject } from './test-project.ts';

const named = (around: Around, cwd: string) =>
  collectRules(around, cwd).rules.map((rule) => `${rule.kind}: ${nameOf(rule)}`);
const command = (text: string): Deed => ({
  reach: 'execute',
  subject: text,
  match: { kind: 'command', words: text.split(' ') },
});
const edit = (path: string): Deed => ({ reach: 'edit-inside', subject: path, match: { kind: 'path', path } });

describe("the person's own rules", () => {
  it('hold everywhere, or in a project and below, and know where they come from', () => {
    const project = aProject();
    const { cwd, home } = project;
    project.write('.farhand/settings.json', {
      rules: { allow: ['Read(~/notes/**)'], deny: ['Bash(curl:*)'] },
      projects: {
        [cwd]: { rules: { allow: ['Bash(npm test)'] } },
        [join(home, 'other')]: { rules: { allow: ['Bash'] } },
      },
    });
    mkdirSync(join(cwd, 'deep'));
    const expected = [
      'deny: your rule Bash(curl:*)',
      'allow: your rule Read(~/notes/**)',
      `allow: your rule Bash(npm test) for ${cwd}`,
    ];
    expect(named(project, cwd)).toEqual(expected);
    expect(named(project, join(cwd, 'deep'))).toEqual(expected);
    expect(named(project, home)).toEqual(expected.slice(0, 2));
  });

  it('start from the folder they were written for, also behind a link', () => {
    const project = aProject();
    project.write('.farhand/settings.json', {
      projects: { [join(project.home, 'link')]: { rules: { allow: ['Edit(src/**)'] } } },
    });
    symlinkSync(project.cwd, join(project.home, 'link'));
    const rules = createRules(project);
    const judge = (path: string) =>
      rules.judge('Edit', [edit(path)], join(project.home, 'link')).rulings.standard;
    expect(judge(join(project.cwd, 'src/a'))).toEqual({
      verdict: 'allow',
      reason: `Allowed by your rule Edit(src/**) for ${project.cwd}`,
    });
    expect(judge(join(project.cwd, 'a')).verdict).toBe('ask');
  });

  it('[PERM-3] that forbid follow a link, those that allow stay where they are', () => {
    const project = aProject();
    const { cwd, home } = project;
    mkdirSync(join(home, 'real'));
    symlinkSync(join(home, 'real'), join(cwd, 'link'));
    const verdict = (kind: string) => {
      project.write('.farhand/settings.json', {
        projects: { [cwd]: { rules: { [kind]: ['Edit(link/**)'] } } },
      });
      return createRules(project).judge('Edit', [edit(join(home, 'real/a'))], cwd).rulings.standard.verdict;
    };
    expect(verdict('deny')).toBe('deny');
    expect(verdict('allow')).toBe('ask');
  });

  it.each([
    ['{', 'is not JSON'],
    [{ rules: { deny: 'Bash' } }, 'settings that are not valid'],
    [{ rules: { deny: ['Bash(curl'] } }, 'The rule "Bash(curl" cannot be read'],
  ])('that cannot be used free nothing, and it is said why: %j', (content, why) => {
    const project = aProject();
    project.write('.farhand/settings.json', content);
    const { rulings, suggestions } = createRules(project).judge('Bash', [command('npm test')], project.cwd);
    expect(modes.map((mode) => rulings[mode].verdict)).toEqual(['ask', 'ask', 'ask', 'ask']);
    expect(rulings.unrestricted.reason).toContain(why);
    expect(suggestions).toEqual([]);
  });

  it('that would allow and cannot be read are left out, and told', () => {
    const project = aProject();
    project.write('.farhand/settings.json', { rules: { allow: ['Bash(a;b)', 'Bash(ls)'] } });
    const set = collectRules(project, project.cwd);
    expect(set).toMatchObject({ broken: null, rules: [{ text: 'Bash(ls)' }] });
    expect(set.warnings).toEqual([expect.stringContaining('"Bash(a;b)" cannot be read')]);
  });
});

describe("[PERM-8] a project's own files", () => {
  const permissions = {
    allow: ['Bash(npm test)'],
    deny: ['Bash(rm *)', 'Read(.env)', 'Read(//etc/x)', 'Edit(/docs)'],
  };

  it('tighten, and free nothing until the person trusts what they say now', () => {
    const project = aProject();
    const { cwd } = project;
    project.write('project/.farhand/settings.json', {
      rules: { allow: ['Bash(npm ci)'], ask: ['Bash(npm test)'] },
    });
    const untrusted = collectRules(project, cwd);
    expect(untrusted.rules.map(({ kind, text }) => `${kind} ${text}`)).toEqual(['ask Bash(npm test)']);
    expect(untrusted.idle.map(({ text }) => text)).toEqual(['Bash(npm ci)']);
    expect(untrusted.files).toEqual([
      { folder: cwd, hash: expect.stringMatching(/^[0-9a-f]{64}$/), trusted: false },
    ]);

    const trusted = untrusted.files[0]?.hash;
    project.write('.farhand/settings.json', { projects: { [cwd]: { trusted } } });
    const free = collectRules(project, cwd);
    expect(free.rules.map(({ text }) => text)).toEqual(['Bash(npm test)', 'Bash(npm ci)']);
    expect(free.rules[1]?.from).toEqual({ yours: false, where: `${cwd}/.farhand/settings.json` });
    expect(free.files[0]?.trusted).toBe(true);

    project.write('project/.claude/settings.json', { permissions: { allow: ['Bash'] } });
    expect(collectRules(project, cwd).idle.map(({ text }) => text)).toEqual(['Bash(npm ci)', 'Bash']);
  });

  it.each(['.letta', '.claude'])('of other programs are read as those mean them: %s', (folder) => {
    const project = aProject();
    const { cwd } = project;
    project.write(`project/${folder}/settings.json`, { permissions });
    const { rules } = collectRules(project, cwd);
    expect(rules.map(({ text }) => text)).toEqual([
      'Bash(rm:*)',
      'Read(**/.env)',
      'Read(/etc/x)',
      'Edit(docs)',
    ]);
    expect(rules.map(({ globs }) => globs)).toEqual([[], [`${cwd}/**/.env`], ['/etc/x'], [`${cwd}/docs`]]);
  });

  it('are looked for up to the root of the repository, and no further', () => {
    const project = aProject();
    const { cwd, home } = project;
    mkdirSync(join(cwd, '.git'));
    for (const folder of ['project/a/b', 'project/a', 'project', '.'])
      project.write(`${folder}/.letta/settings.json`, { permissions: { deny: [`Edit(${folder})`] } });
    const set = collectRules(project, join(cwd, 'a/b'));
    expect(set.files.map(({ folder }) => folder)).toEqual([join(cwd, 'a/b'), join(cwd, 'a'), cwd]);
    expect(set).toMatchObject({ project: cwd, home });
  });

  it("are never Farhand's own home, nor what lies in the person's home", () => {
    const project = aProject();
    project.write('.farhand/settings.json', { rules: { allow: ['Bash'] } });
    project.write('.claude/settings.json', { permissions: { deny: ['Bash'] } });
    expect(collectRules(project, project.cwd).files).toEqual([]);
    expect(collectRules(project, project.cwd).project).toBe(project.cwd);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'not a JSON object'],
    [{ rules: 1 }, 'its rules are not an object'],
    [{ rules: { deny: 'Bash' } }, 'rules.deny'],
    [{ rules: { deny: [1] } }, 'is not text'],
    [{ rules: { deny: ['Bash('] } }, 'cannot be read'],
  ])('that are broken are ignored, and told: %j', (content, why) => {
    const project = aProject();
    project.write('project/.farhand/settings.json', content);
    const set = collectRules(project, project.cwd);
    expect(set).toMatchObject({ rules: [], broken: null });
    expect(set.warnings).toEqual([expect.stringContaining(why)]);
  });

  it('alone free nothing, whatever they say', () => {
    const project = aProject();
    const rules = createRules(project);
    const order: readonly Verdict[] = ['allow', 'ask', 'deny'];
    const texts = fc.array(fc.constantFrom('Bash', 'Bash(npm test)', 'Edit', 'Edit(**)', 'Bash(', ''), {
      maxLength: 3,
    });
    const deeds = [command('npm test'), edit(join(project.cwd, 'a'))];
    const bare = evaluate('Bash', deeds, collectRules(project, project.cwd));
    const contents = fc.record({ allow: texts, ask: texts, deny: texts });
    fc.assert(
      fc.property(contents, fc.constantFrom('.farhand', '.letta', '.claude'), (said, folder) => {
        project.write(`project/${folder}/settings.json`, { rules: said, permissions: said });
        const { rulings } = rules.judge('Bash', deeds, project.cwd);
        for (const mode of modes)
          expect(order.indexOf(rulings[mode].verdict)).toBeGreaterThanOrEqual(
            order.indexOf(bare[mode].verdict),
          );
      }),
      { numRuns: 60 },
    );
  });
});
