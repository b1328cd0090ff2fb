import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reach, Rulings, Verdict } from '../../core/permission.ts';
import { verdicts } from '../../core/permission.ts';
import { modes } from '../../protocol/modes.ts';
import type { Deed, Match } from '../tools/tool.ts';
import { evaluate } from './evaluate.ts';
import type { Placed, RuleKind } from './rule.ts';
import { placed, type RuleSet } from './rule-set.ts';

const rule = (kind: RuleKind, text: string): Placed => {
  const made = placed({ kind, text, base: '/p', home: '/home/ann', from: { yours: true, where: null } });
  if ('problem' in made) throw new Error(made.problem);
  return made;
};
const setOf = (rules: readonly Placed[], more: Partial<RuleSet> = {}): RuleSet => ({
  rules,
  idle: [],
  files: [],
  project: '/p',
  home: '/home/ann',
  ceiling: null,
  broken: null,
  warnings: [],
  ...more,
});
const command = (text: string, reach: Reach = 'execute'): Deed => ({
  reach,
  subject: text,
  match: { kind: 'command', words: text.split(' ') },
});
const edit = (path: string, reach: Reach = 'edit-inside'): Deed => ({
  reach,
  subject: path,
  match: { kind: 'path', path },
});

const columns = [...modes, 'plan'] as const;
const verdictsOf = (rulings: Rulings) => columns.map((column) => rulings[column].verdict).join(' ');

describe('[PERM-1] without a rule', () => {
  it.each(Object.keys(verdicts) as Reach[])('%s is decided by the table', (reach) => {
    const rulings = evaluate('Bash', [{ reach, subject: 'x', match: null }], setOf([]));
    for (const column of columns) expect(rulings[column].verdict).toBe(verdicts[reach][column]);
  });
});

describe('[PERM-1] the rules of the person', () => {
  //                                     standard acceptEdits unrestricted strict plan
  it.each<[string, RuleKind, string, Deed, string]>([
    ['allow frees', 'allow', 'Bash(npm test)', command('npm test'), 'allow allow allow ask deny'],
    ['allow does not free another', 'allow', 'Bash(npm test)', command('npm ci'), 'ask ask allow ask deny'],
    [
      'allow does not help a grave one',
      'allow',
      'Bash',
      command('git reset --hard', 'grave'),
      'ask ask ask ask deny',
    ],
    [
      'allow does not help a forbidden one',
      'allow',
      'Bash',
      command('farhand rules add', 'forbidden'),
      'deny deny deny deny deny',
    ],
    [
      'allow does not answer a question',
      'allow',
      'Bash',
      command('ask', 'question'),
      'ask ask ask ask allow',
    ],
    ['ask asks', 'ask', 'Bash(ls)', command('ls', 'read-inside'), 'ask ask ask ask ask'],
    ['ask leaves what planning denies', 'ask', 'Bash(npm test)', command('npm test'), 'ask ask ask ask deny'],
    ['deny denies', 'deny', 'Bash(ls)', command('ls', 'read-inside'), 'deny deny deny deny deny'],
    [
      'deny denies a grave one',
      'deny',
      'Bash(git push:*)',
      command('git push --force', 'grave'),
      'deny deny deny deny deny',
    ],
    [
      'deny asks where it may be meant',
      'deny',
      'Bash(git push:*)',
      command('git -C x push'),
      'ask ask ask ask deny',
    ],
  ])('%s: %s %s of %j', (_what, kind, text, deed, expected) => {
    expect(verdictsOf(evaluate('Bash', [deed], setOf([rule(kind, text)])))).toBe(expected);
  });

  it('deny goes before ask, ask before allow', () => {
    const all = ['allow', 'ask', 'deny'] as const;
    const rules = all.map((kind) => rule(kind, 'Bash(npm test)'));
    const verdict = (set: Placed[]) => evaluate('Bash', [command('npm test')], setOf(set)).standard.verdict;
    expect(verdict(rules)).toBe('deny');
    expect(verdict(rules.slice(0, 2))).toBe('ask');
    expect(verdict(rules.slice(0, 1))).toBe('allow');
  });
});

describe('[PERM-2] of several deeds the worst decides', () => {
  it('so that a rule for one of them frees no call', () => {
    const set = setOf([rule('allow', 'Bash(npm test)')]);
    const both = [command('npm test'), edit('/p/log.txt')];
    expect(verdictsOf(evaluate('Bash', both, set))).toBe('ask allow allow ask deny');
    const freed = setOf([...set.rules, rule('allow', 'Edit(*.txt)')]);
    expect(evaluate('Bash', both, freed).standard.verdict).toBe('allow');
  });

  it('and the gravest is named first', () => {
    const { standard } = evaluate(
      'Bash',
      [command('npm test'), command('git push --force', 'grave')],
      setOf([]),
    );
    expect(standard.reason).toBe('Nobody can undo this: Bash of `git push --force`');
  });

  it('and a call of which nothing is known may do anything', () => {
    expect(verdictsOf(evaluate('Bash', [], setOf([])))).toBe('ask ask allow ask deny');
  });
});

describe('what is said', () => {
  it.each<[Deed, readonly Placed[], keyof Rulings, string]>([
    [command('git push'), [], 'standard', 'Bash of `git push`: not known to only read'],
    [command('git push'), [], 'plan', 'While a plan is made nothing is changed: Bash of `git push`'],
    [command('ls', 'read-inside'), [], 'strict', 'Bash of `ls`: everything is asked in the mode strict'],
    [command('farhand tokens', 'forbidden'), [], 'unrestricted', 'Not allowed in any mode: farhand tokens'],
    [command('ls'), [rule('deny', 'Bash(ls)')], 'standard', 'Denied by your rule Bash(ls): Bash of `ls`'],
    [command('ls'), [rule('ask', 'Bash(ls)')], 'standard', 'Asked for by your rule Bash(ls): Bash of `ls`'],
    [command('ls'), [rule('allow', 'Bash(ls)')], 'standard', 'Allowed by your rule Bash(ls)'],
    [{ reach: 'execute', subject: 'Bash', match: null }, [], 'standard', 'Bash: not known to only read'],
  ])('%j', (deed, rules, column, reason) => {
    expect(evaluate('Bash', [deed], setOf(rules))[column].reason).toBe(reason);
  });
});

describe('[PERM-7] a ceiling', () => {
  it('holds for conversations that had a freer mode before', () => {
    const set = setOf([], { ceiling: 'standard' });
    expect(verdictsOf(evaluate('Bash', [command('npm test')], set))).toBe('ask ask ask ask deny');
    expect(verdictsOf(evaluate('Edit', [edit('/p/a')], setOf([], { ceiling: 'acceptEdits' })))).toBe(
      'ask allow allow ask deny',
    );
  });

  it('is standard, without any rule of the person, where their settings cannot be used', () => {
    const set = setOf([rule('allow', 'Bash')], { broken: 'settings.json is not JSON.' });
    const rulings = evaluate('Bash', [command('npm test')], set);
    expect(verdictsOf(rulings)).toBe('ask ask ask ask deny');
    expect(rulings.unrestricted.reason).toContain('Your own rules do not count: settings.json is not JSON.');
    expect(evaluate('Bash', [command('ls', 'read-inside')], set).standard.verdict).toBe('allow');
  });
});

const words = fc.array(fc.constantFrom('git', 'push', 'npm', 'test', '-C', null), {
  minLength: 1,
  maxLength: 4,
});
const paths = fc.constantFrom('/p/a', '/p/src/a', '/p/.git/config', '/etc/x');
const match = fc.oneof(
  words.map((some): Match => ({ kind: 'command', words: some })),
  paths.map((path): Match => ({ kind: 'path', path })),
  fc.constant(null),
);
const reach = fc.constantFrom(...(Object.keys(verdicts) as Reach[]));
const deeds = fc.array(
  fc.record({ reach, match }).map((one): Deed => ({ ...one, subject: 'it' })),
  { maxLength: 3 },
);
const texts = fc.constantFrom(
  'Bash',
  'Edit',
  'Read',
  'Write',
  'Bash(git push)',
  'Bash(git push:*)',
  'Bash(npm *)',
  'Edit(**)',
  'Edit(src/**)',
  'Edit(.git/**)',
  'Read(/etc/**)',
);
const anyRule = fc
  .record({ kind: fc.constantFrom<RuleKind>('allow', 'ask', 'deny'), text: texts })
  .map(({ kind, text }) => rule(kind, text));
const someRules = fc.array(anyRule, { maxLength: 5 });
const tool = fc.constantFrom('Bash', 'Edit', 'Write', 'Read');
const order: readonly Verdict[] = ['allow', 'ask', 'deny'];
const rank = (verdict: Verdict) => order.indexOf(verdict);

describe('whatever the rules and the deeds are', () => {
  const before = fc.record({ tool, deeds, rules: someRules, text: texts });

  it('[PERM-1] one more rule that allows turns no denial and no grave question into leave, and tightens nothing', () => {
    fc.assert(
      fc.property(before, ({ tool, deeds, rules, text }) => {
        const less = evaluate(tool, deeds, setOf(rules));
        const more = evaluate(tool, deeds, setOf([...rules, rule('allow', text)]));
        const fixed = deeds.some((deed) => deed.reach === 'grave' || deed.reach === 'forbidden');
        for (const column of columns) {
          expect(rank(more[column].verdict)).toBeLessThanOrEqual(rank(less[column].verdict));
          if (less[column].verdict === 'deny' || fixed || column === 'strict')
            expect(more[column].verdict).toBe(less[column].verdict);
        }
      }),
    );
  });

  it.each(['deny', 'ask'] as const)('[PERM-1] one more rule to %s frees nothing', (kind) => {
    fc.assert(
      fc.property(before, ({ tool, deeds, rules, text }) => {
        const less = evaluate(tool, deeds, setOf(rules));
        const more = evaluate(tool, deeds, setOf([...rules, rule(kind, text)]));
        for (const column of columns)
          expect(rank(more[column].verdict)).toBeGreaterThanOrEqual(rank(less[column].verdict));
      }),
    );
  });

  it('[PERM-2] one more deed frees nothing', () => {
    fc.assert(
      fc.property(before, deeds, ({ tool, deeds, rules }, others) => {
        if (deeds.length === 0) return;
        const less = evaluate(tool, deeds, setOf(rules));
        const more = evaluate(tool, [...deeds, ...others], setOf(rules));
        for (const column of columns)
          expect(rank(more[column].verdict)).toBeGreaterThanOrEqual(rank(less[column].verdict));
      }),
    );
  });

  it('[PERM-5] while a plan is made no rule allows what the table denies then', () => {
    fc.assert(
      fc.property(before, ({ tool, deeds, rules }) => {
        const denied = deeds.some((deed) => verdicts[deed.reach].plan === 'deny');
        if (denied) expect(evaluate(tool, deeds, setOf(rules)).plan.verdict).toBe('deny');
      }),
    );
  });

  it('[PERM-7] a ceiling, or settings that cannot be used, free nothing', () => {
    fc.assert(
      fc.property(before, fc.constantFrom(...modes), ({ tool, deeds, rules }, ceiling) => {
        const less = evaluate(tool, deeds, setOf(rules));
        for (const more of [{ ceiling }, { broken: 'it is broken' }]) {
          const held = evaluate(
            tool,
            deeds,
            setOf(
              rules.filter(({ kind }) => kind !== 'deny' || 'ceiling' in more),
              more,
            ),
          );
          const table = evaluate(tool, deeds, setOf([]));
          for (const column of columns)
            expect(rank(held[column].verdict)).toBeGreaterThanOrEqual(
              Math.min(rank(less[column].verdict), rank(table[column].verdict)),
            );
        }
      }),
    );
  });
});
