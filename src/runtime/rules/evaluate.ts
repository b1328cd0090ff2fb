import {
  inEachMode,
  type Reach,
  type Ruling,
  type Rulings,
  reaches,
  stricter,
  verdicts,
} from '../../core/permission.ts';
import { isFreer, type Mode } from '../../protocol/modes.ts';
import type { Deed } from '../tools/tool.ts';
import { worst } from './judge.ts';
import { type Fit, fits, nameOf, type Placed, type RuleKind } from './rule.ts';
import type { RuleSet } from './rule-set.ts';

type Column = Mode | 'plan';

/** [PERM-2] What the rules say of a call: the worst of its deeds decides. */
export function evaluate(tool: string, deeds: readonly Deed[], set: RuleSet): Rulings {
  // What people have to look at first comes first.
  const sorted = [...deeds].sort((a, b) => reaches.indexOf(b.reach) - reaches.indexOf(a.reach));
  // A call of which nothing is known may do anything.
  const all = sorted.length > 0 ? sorted : [{ reach: 'execute', subject: tool, match: null } as const];
  return limited(worst(all.map((deed) => rulingsOf(tool, deed, set))), set);
}

function rulingsOf(tool: string, deed: Deed, set: RuleSet): Rulings {
  const deny = strongest(set, 'deny', tool, deed);
  const ask = strongest(set, 'ask', tool, deed);
  const allow = set.broken === null ? strongest(set, 'allow', tool, deed) : null;
  const what = called(tool, deed);
  const ruling = (column: Column): Ruling => {
    const verdict = verdicts[deed.reach][column];
    const byTable = { verdict, reason: reasonOf(deed, column, what) };
    if (deed.reach === 'forbidden') return byTable;
    if (deny?.sure) return { verdict: 'deny', reason: `Denied by ${nameOf(deny.rule)}: ${what}` };
    if (deny) return stricter({ verdict: 'ask', reason: unsure(deny.rule, what) }, byTable);
    if (deed.reach === 'grave') return byTable;
    if (ask) {
      const why = ask.sure ? `Asked for by ${nameOf(ask.rule)}: ${what}` : unsure(ask.rule, what);
      return stricter({ verdict: 'ask', reason: why }, byTable);
    }
    const counts = allow && column !== 'strict' && verdict !== 'deny' && deed.reach !== 'question';
    return counts ? { verdict: 'allow', reason: `Allowed by ${nameOf(allow.rule)}` } : byTable;
  };
  return inEachMode(ruling);
}

/** The first rule of a kind that fits for sure, else the first that may. */
function strongest(
  { rules, home }: RuleSet,
  kind: RuleKind,
  tool: string,
  deed: Deed,
): { readonly rule: Placed; readonly sure: boolean } | null {
  const fitting = rules
    .filter((rule) => rule.kind === kind)
    .map((rule) => ({ rule, fit: seen(fits(rule, tool, deed, home), deed) }));
  const found = fitting.find(({ fit }) => fit === 'yes') ?? fitting.find(({ fit }) => fit === 'maybe');
  return found ? { rule: found.rule, sure: found.fit === 'yes' } : null;
}

/** Of what a command that is not understood names nobody knows what is done to it. */
const seen = (fit: Fit, { witness }: Deed): Fit => (fit === 'yes' && witness?.sure === false ? 'maybe' : fit);

const called = (tool: string, { subject }: Deed): string =>
  subject === tool ? tool : `${tool} of \`${subject}\``;

const unsure = (rule: Placed, what: string): string =>
  `${what} may be what ${nameOf(rule)} ${rule.kind === 'deny' ? 'denies' : 'asks about'}; it cannot be told for sure`;

const because: Readonly<Record<Exclude<Reach, 'grave' | 'forbidden'>, string>> = {
  internal: 'touches nothing outside of the conversation',
  question: 'only a person can answer it',
  'read-inside': 'only reads in the working directory',
  'read-outside': 'reads outside of the working directory, or what programs keep to themselves',
  'edit-inside': 'changes files in the working directory',
  'edit-outside': 'changes files outside of the working directory, or such as let others run code later',
  network: 'talks to another machine',
  execute: 'not known to only read',
};

/** What the table says, in words. */
function reasonOf({ reach, subject }: Deed, column: Column, what: string): string {
  if (reach === 'forbidden') return `Not allowed in any mode: ${subject}`;
  if (column === 'plan' && verdicts[reach].plan === 'deny')
    return `While a plan is made nothing is changed: ${what}`;
  if (reach === 'grave') return `Nobody can undo this: ${what}`;
  if (column === 'strict' && verdicts[reach].standard === 'allow' && verdicts[reach].strict === 'ask')
    return `${what}: everything is asked in the mode strict`;
  return `${what}: ${because[reach]}`;
}

/** [PERM-7] No mode frees more than the freest that the owner allows; where that cannot be known, no more than `standard` does. */
function limited(rulings: Rulings, { ceiling, broken }: RuleSet): Rulings {
  const top = broken === null ? ceiling : 'standard';
  const held = (mode: Mode): Ruling => {
    const own = rulings[mode];
    const { verdict, reason } = top !== null && isFreer(mode, top) ? stricter(own, rulings[top]) : own;
    if (broken === null || verdict === 'allow') return { verdict, reason };
    return { verdict, reason: `${reason}. Your own rules do not count: ${broken}` };
  };
  return inEachMode((column) => (column === 'plan' ? rulings.plan : held(column)));
}
