import { describe, expect, it } from 'vitest';
import type { Deed, Match } from '../tools/tool.ts';
import { globFits } from './glob.ts';
import { type Fit, fits, parseRule, type RuleKind } from './rule.ts';
import { placed } from './rule-set.ts';
import { quoteWords } from './words.ts';

describe('a rule that cannot be read', () => {
  it.each([
    ['', 'a rule is a tool'],
    ['Bash(npm test', 'a rule is a tool'],
    ['Bash()', 'nothing between the parentheses'],
    ['Bash(:* )', null],
    ['Bash(npm test; rm x)', '";" is the shell\'s own'],
    ['Bash(echo $HOME)', '"$" is the shell\'s own'],
    ['Bash(echo "a)', 'the " has no end'],
    ['Bash(npm run*)', 'a * stands for one whole word'],
    ['Bash(npm "a"*)', 'a * stands for one whole word'],
    ['WebFetch(https://example.com)', 'WebFetch(domain:example.com)'],
    ['WebFetch(domain:*.example.com)', 'no domain'],
  ])('%j: %s', (text, problem) => {
    const read = parseRule(text);
    if (problem === null) expect(read).not.toHaveProperty('problem');
    else expect(read).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

const home = '/home/ann';
const rule = (kind: RuleKind, text: string) => {
  const made = placed({ kind, text, base: '/work/project', home, from: { yours: true, where: null } });
  if ('problem' in made) throw new Error(made.problem);
  return made;
};
const deed = (reach: Deed['reach'], match: Match | null): Deed => ({ reach, subject: 'it', match });
const ran = (...words: (string | null)[]) => deed('execute', { kind: 'command', words });
const fetched = (host: string) => deed('network', { kind: 'host', host });
const read = (path: string) => deed('read-inside', { kind: 'path', path });
const edited = (path: string) => deed('edit-inside', { kind: 'path', path });

describe('[PERM-4] a rule about a command, to allow and to deny', () => {
  it.each<[string, Deed, allow: Fit, deny: Fit]>([
    ['Bash', ran('x'), 'yes', 'yes'],
    ['Bash(*)', ran('x', 'y'), 'yes', 'yes'],
    ['Bash', deed('execute', null), 'yes', 'yes'],
    ['Bash(npm test)', ran('npm', 'test'), 'yes', 'yes'],
    ['Bash(npm test)', ran('npm', 'test', 'x'), 'no', 'no'],
    ['Bash(npm test)', ran('npm'), 'no', 'no'],
    ['Bash(npm test)', ran('npm', 'tests'), 'no', 'no'],
    ['Bash(npm run:*)', ran('npm', 'run'), 'yes', 'yes'],
    ['Bash(npm run:*)', ran('npm', 'run', 'a', 'b'), 'yes', 'yes'],
    ['Bash(npm run:*)', ran('npm', 'run', null), 'yes', 'yes'],
    ['Bash(npm run:*)', ran('npm', 'runx'), 'no', 'no'],
    ['Bash(npm *)', ran('npm', 'ci'), 'yes', 'yes'],
    ['Bash(npm *)', ran('npm', 'ci', 'x'), 'no', 'no'],
    ['Bash(npm *)', ran('npm', null), 'no', 'maybe'],
    ["Bash(echo 'a b' \"c\\\"d\" e\\ f '*')", ran('echo', 'a b', 'c"d', 'e f', '*'), 'yes', 'yes'],
    ['Bash(rm ~/x)', ran('rm', '/home/ann/x'), 'yes', 'yes'],
    ['Bash(git push:*)', ran('/usr/bin/git', 'push'), 'no', 'yes'],
    ['Bash(git push:*)', ran('git', '-C', 'elsewhere', 'push'), 'no', 'maybe'],
    ['Bash(git push:*)', ran('git', 'commit', '-m', 'push'), 'no', 'no'],
    ['Bash(git push)', ran('git', 'push', '--force'), 'no', 'maybe'],
    ['Bash(git push:*)', ran(null, 'status'), 'no', 'maybe'],
    ['Bash(git push:*)', ran('git', null), 'no', 'maybe'],
    ['Bash(git push:*)', ran('ls', null), 'no', 'no'],
    ['Bash(git push:*)', deed('execute', null), 'no', 'maybe'],
    ['Bash(git push:*)', deed('read-inside', null), 'no', 'no'],
    ['Bash(npm test)', edited('/work/project/npm'), 'no', 'no'],
    ['Read', ran('cat'), 'no', 'no'],
  ])('%s of %j', (text, what, allow, deny) => {
    expect(fits(rule('allow', text), 'Bash', what, home)).toBe(allow);
    expect(fits(rule('deny', text), 'Bash', what, home)).toBe(deny);
    expect(fits(rule('ask', text), 'Bash', what, home)).toBe(deny);
  });

  it.each([[['a']], [['a b', "it's", '"', '*', '', 'x:*', '$(y)', '\\']]])(
    'is written so that it is read back: %j',
    (words) => {
      const made = rule('allow', `Bash(${quoteWords(words)})`);
      expect(fits(made, 'Bash', ran(...words), home)).toBe('yes');
      expect(made.pattern).toEqual({ kind: 'words', words, open: false });
    },
  );
});

describe('[PERM-3] a rule about paths, to allow and to deny', () => {
  it.each<[string, Deed, allow: boolean, deny: boolean]>([
    ['Edit(src/**)', edited('/work/project/src/a/b.ts'), true, true],
    ['Edit(src/**)', edited('/work/project/srcs/a.ts'), false, false],
    ['Edit(src/**)', edited('/elsewhere/src/a.ts'), false, false],
    ['Edit(src)', edited('/work/project/src/a.ts'), false, true],
    ['Edit(*)', edited('/work/project/a.ts'), true, true],
    ['Edit(*)', edited('/work/project/src/a.ts'), false, true],
    ['Edit(**/*.ts)', edited('/work/project/a.ts'), true, true],
    ['Edit(src/{a,b}/?.ts)', edited('/work/project/src/b/x.ts'), true, true],
    ['Edit(src/../docs/**)', edited('/work/project/docs/a.md'), true, true],
    ['Edit(/etc/hosts)', edited('/etc/hosts'), true, true],
    ['Edit(~/notes/**)', edited('/home/ann/notes/a'), true, true],
    ['Edit(**)', edited('/work/project/.git/hooks/x'), false, true],
    ['Edit(**)', edited('/work/project/.GIT/config'), false, true],
    ['Edit(.??*)', edited('/work/project/.npmrc'), false, true],
    ['Edit(.vscode/**)', edited('/work/project/.vscode/tasks.json'), true, true],
    ['Edit', edited('/work/project/.git/hooks/x'), true, true],
    ['Edit(src/**)', read('/work/project/src/a'), false, false],
    ['Read(src/**)', read('/work/project/src/a'), true, true],
    ['Read(.git/**)', read('/work/project/.git/HEAD'), true, true],
    ['Read(**)', read('/work/project/.git/HEAD'), true, true],
    ['Read(src/**)', edited('/work/project/src/a'), false, false],
  ])('%s of %j', (text, what, allow, deny) => {
    for (const tool of ['Write', 'Grep', 'Bash']) {
      expect(fits(rule('allow', text), tool, what, home)).toBe(allow ? 'yes' : 'no');
      expect(fits(rule('deny', text), tool, what, home)).toBe(deny ? 'yes' : 'no');
    }
  });

  it('of another tool means that tool alone', () => {
    const write = rule('deny', 'Write(src/**)');
    expect(fits(write, 'Write', edited('/work/project/src/a'), home)).toBe('yes');
    expect(fits(write, 'Edit', edited('/work/project/src/a'), home)).toBe('no');
  });

  it('takes no longer for a pattern made to take long', () => {
    const before = performance.now();
    expect(globFits(`/${'*a'.repeat(200)}b`, `/${'a'.repeat(2_000)}`)).toBe(false);
    expect(globFits(`/${'**/'.repeat(200)}b`, `/${'a/'.repeat(500)}c`)).toBe(false);
    expect(globFits(`/${'{a,b}'.repeat(200)}`, '/a')).toBe(false);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('a rule about a domain', () => {
  it.each<[string, boolean]>([
    ['example.com', true],
    ['docs.Example.com.', true],
    ['badexample.com', false],
    ['example.com.evil.org', false],
  ])('%s: %s', (host, does) => {
    expect(fits(rule('allow', 'WebFetch(domain:example.com)'), 'WebFetch', fetched(host), home)).toBe(
      does ? 'yes' : 'no',
    );
  });
});
