import { describe, expect, it } from 'vitest';
import type { Reach } from '../../core/permission.ts';
import type { Deed } from '../tools/tool.ts';
import { evaluate } from './evaluate.ts';
import { placed, type RuleSet } from './rule-set.ts';
import { withoutRule, withRule } from './rules.ts';
import { suggestionsFor } from './suggestions.ts';

const set: RuleSet = {
  rules: [],
  idle: [],
  files: [],
  project: '/work/project',
  home: '/home/ann',
  ceiling: null,
  broken: null,
  warnings: [],
};
const ran = (words: (string | null)[], reach: Reach = 'execute'): Deed => ({
  reach,
  subject: 'it',
  match: { kind: 'command', words },
});
const path = (reach: Reach, at: string): Deed => ({ reach, subject: at, match: { kind: 'path', path: at } });
const other = (reach: Reach): Deed => ({ reach, subject: 'it', match: null });
const said = (tool: string, ...deeds: Deed[]) =>
  suggestionsFor(tool, deeds, set).map(({ id, text, rules, where }) => ({
    id,
    text,
    rules: rules.join(' + '),
    where,
  }));
const project = 'project' as const;

describe('[PERM-6] what may be remembered of a call', () => {
  it.each<[string, Deed[], [id: string, text: string, rules: string, where?: 'everywhere'][]]>([
    [
      'Bash',
      [ran(['touch', 'approved-marker.txt'], 'edit-inside')],
      [
        [
          'save-default',
          "Yes, and don't ask again for 'touch approved-marker.txt' in this project",
          'Bash(touch approved-marker.txt)',
        ],
      ],
    ],
    [
      'Bash',
      [ran(['git', 'commit', '-m', 'a b'])],
      [
        [
          'save-default',
          "Yes, and don't ask again for 'git commit' commands in this project",
          'Bash(git commit:*)',
        ],
        [
          'save-exact',
          "Yes, and don't ask again for 'git commit -m 'a b'' in this project",
          "Bash(git commit -m 'a b')",
        ],
      ],
    ],
    [
      'Bash',
      [ran(['npm', 'run', 'test:unit', '--', '-u'])],
      [
        [
          'save-default',
          "Yes, and don't ask again for 'npm run test:unit' commands in this project",
          'Bash(npm run test:unit:*)',
        ],
        [
          'save-exact',
          "Yes, and don't ask again for 'npm run test:unit -- -u' in this project",
          'Bash(npm run test:unit -- -u)',
        ],
      ],
    ],
    [
      'Bash',
      [ran(['rm', 'x']), ran(['ls'], 'read-inside'), path('edit-inside', '/work/project/src/log')],
      [
        [
          'save-default',
          "Yes, and don't ask again for 'rm x' and allow editing files in src/ in this project",
          'Bash(rm x) + Edit(src/**)',
        ],
        [
          'save-exact',
          "Yes, and don't ask again for 'rm x' and allow editing src/log in this project",
          'Bash(rm x) + Edit(src/log)',
        ],
      ],
    ],
    [
      'Edit',
      [path('edit-inside', '/work/project/src/a.ts')],
      [
        ['save-default', 'Yes, allow editing files in src/ in this project', 'Edit(src/**)'],
        ['save-exact', 'Yes, allow editing src/a.ts in this project', 'Edit(src/a.ts)'],
      ],
    ],
    [
      'Write',
      [path('edit-inside', '/work/project/a.ts')],
      [
        ['save-default', 'Yes, allow editing files at the top level in this project', 'Edit(*)'],
        ['save-exact', 'Yes, allow editing a.ts in this project', 'Edit(a.ts)'],
      ],
    ],
    [
      'Edit',
      [path('edit-outside', '/work/project/.vscode/tasks.json')],
      [
        [
          'save-default',
          'Yes, allow editing .vscode/tasks.json (it may let others run code) in this project',
          'Edit(.vscode/tasks.json)',
        ],
      ],
    ],
    [
      'Edit',
      [path('edit-outside', '/etc/hosts')],
      [['save-default', 'Yes, allow editing /etc/hosts in this project', 'Edit(/etc/hosts)']],
    ],
    [
      'Read',
      [path('read-outside', '/etc/hosts')],
      [['save-default', 'Yes, allow reading /etc/hosts in this project', 'Read(/etc/hosts)']],
    ],
    [
      'Grep',
      [path('read-outside', '/usr')],
      [['save-default', 'Yes, allow reading files in /usr/ in this project', 'Read(/usr/**)']],
    ],
    [
      'WebFetch',
      [
        {
          reach: 'network',
          subject: 'https://a.example.com/x',
          match: { kind: 'host', host: 'a.example.com' },
        },
      ],
      [
        [
          'save-default',
          "Yes, and don't ask again for a.example.com in this project",
          'WebFetch(domain:a.example.com)',
        ],
        [
          'save-everywhere',
          "Yes, and don't ask again for a.example.com everywhere",
          'WebFetch(domain:a.example.com)',
          'everywhere',
        ],
      ],
    ],
    [
      'lookup_ticket',
      [other('execute')],
      [['save-default', 'Yes, allow every call of lookup_ticket in this project', 'lookup_ticket']],
    ],
  ])('%s %j', (tool, deeds, expected) => {
    expect(said(tool, ...deeds)).toEqual(
      expected.map(([id, text, rules, where = project]) => ({ id, text, rules, where })),
    );
  });

  it.each<[string, string, Deed[]]>([
    ['what is free already', 'Bash', [ran(['ls'], 'read-inside')]],
    ['what nobody can undo', 'Bash', [ran(['git', 'push', '--force'], 'grave')]],
    ['one of it cannot be undone', 'Bash', [ran(['npm', 'test']), ran(['git', 'clean', '-f'], 'grave')]],
    ['what is forbidden', 'Bash', [ran(['farhand', 'rules'], 'forbidden')]],
    ['a question', 'AskUserQuestion', [other('question')]],
    ['what cannot be understood', 'Bash', [other('execute')]],
    ['words that cannot be known', 'Bash', [ran(['npm', null])]],
    ['too much at once', 'Bash', [ran(['a']), ran(['b']), ran(['c']), ran(['d'])]],
    ['what could not be shown', 'Bash', [ran(['echo', 'a\u202eb'])]],
    ['more lines', 'Bash', [ran(['echo', 'a\nb'])]],
    ['what is too long to be read', 'Bash', [ran(['echo', 'a'.repeat(400)])]],
    ['a path that reads like a pattern', 'Edit', [path('edit-inside', '/work/project/*/a{b')]],
  ])('nothing for %s', (_what, tool, deeds) => {
    expect(said(tool, ...deeds)).toEqual([]);
  });

  it('nothing where a rule asks or the settings are broken', () => {
    const ask = placed({
      kind: 'ask',
      text: 'Bash',
      base: '/work/project',
      home: '/home/ann',
      from: { yours: true, where: null },
    });
    if ('problem' in ask) throw new Error(ask.problem);
    expect(suggestionsFor('Bash', [ran(['npm', 'test'])], { ...set, rules: [ask] })).toEqual([]);
    expect(suggestionsFor('Bash', [ran(['npm', 'test'])], { ...set, broken: 'it is' })).toEqual([]);
  });

  it.each([
    ['python3', 'x.py'],
    ['rm', '-r', 'x'],
    ['curl', 'x'],
    ['git', 'config', 'a', 'b'],
    ['npm', 'install', 'x'],
    ['git', '-c', 'a=b', 'log'],
    ['git', 'diff', '--output=x'],
    ['git', 'log', '--output', 'x'],
    ['git', 'show', '--ext-diff'],
  ])('no more than the very words of %s %s', (...words) => {
    const rules = said('Bash', ran(words)).map((one) => one.rules);
    expect(rules).toEqual([`Bash(${words.join(' ')})`]);
  });

  it('frees the call, and not a hair more of it than it says', () => {
    const deeds = [ran(['git', 'commit', '-m', 'x'])];
    const [first] = suggestionsFor('Bash', deeds, set);
    const rules = (first?.rules ?? []).flatMap((text) => {
      const rule = placed({
        kind: 'allow',
        text,
        base: set.project,
        home: set.home,
        from: { yours: true, where: null },
      });
      return 'problem' in rule ? [] : [rule];
    });
    const verdict = (...words: string[]) =>
      evaluate('Bash', [ran(words)], { ...set, rules }).standard.verdict;
    expect(verdict('git', 'commit', '-m', 'y')).toBe('allow');
    expect(verdict('git', 'push')).toBe('ask');
  });
});

describe('[PERM-6] the settings', () => {
  it('take a rule once, beside all that they hold, and give it back', () => {
    const settings = { v: 1 as const, model: 'a/b', mine: 1, projects: { '/p': { trusted: 'x' } } };
    const once = withRule(settings, 'allow', 'Bash(a)', '/p');
    expect(once).toEqual({
      ...settings,
      projects: { '/p': { trusted: 'x', rules: { allow: ['Bash(a)'] } } },
    });
    expect(withRule(once, 'allow', 'Bash(a)', '/p')).toEqual(once);
    const everywhere = withRule(once, 'deny', 'Bash(b)', null);
    expect(everywhere).toMatchObject({ rules: { deny: ['Bash(b)'] }, projects: once.projects });
    expect(withoutRule(everywhere, 'Bash(b)', null)).toMatchObject({
      rules: { deny: [] },
      projects: once.projects,
    });
    expect(withoutRule(once, 'Bash(a)', '/p')).toMatchObject({
      projects: { '/p': { rules: { allow: [] } } },
    });
  });
});
