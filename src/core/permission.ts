import type { Mode } from '../protocol/modes.ts';

/**
 * How far one deed of a call reaches (PERM-1). `read-outside` and `edit-outside` are elsewhere than below the working directory, or at what
 * lets others run code later. `grave` cannot be undone. `forbidden` is nobody's to allow.
 */
export type Reach =
  | 'internal'
  | 'question'
  | 'read-inside'
  | 'read-outside'
  | 'edit-inside'
  | 'edit-outside'
  | 'network'
  | 'execute'
  | 'grave'
  | 'forbidden';

/** From what frees most to what frees least. */
export const reaches: readonly Reach[] = [
  'internal',
  'question',
  'read-inside',
  'edit-inside',
  'read-outside',
  'edit-outside',
  'network',
  'execute',
  'grave',
  'forbidden',
];

export const isFurther = (a: Reach, b: Reach): boolean => reaches.indexOf(a) > reaches.indexOf(b);

export type Verdict = 'allow' | 'ask' | 'deny';

/** `reason` is shown to whoever decides, and to the model where it is denied. */
export type Ruling = { readonly verdict: Verdict; readonly reason: string };

/** What the rules say of a call in each mode, and what planning adds: the mode may change before the call is sorted. */
export type Rulings = Readonly<Record<Mode | 'plan', Ruling>>;

const row = (
  strict: Verdict,
  standard: Verdict,
  acceptEdits: Verdict,
  unrestricted: Verdict,
  plan: Verdict,
): Readonly<Record<Mode | 'plan', Verdict>> => ({ strict, standard, acceptEdits, unrestricted, plan });

/** Who decides where no rule of the person says otherwise: a mode frees, step by step, what can be seen through and undone (PERM-1). */
export const verdicts: Readonly<Record<Reach, Readonly<Record<Mode | 'plan', Verdict>>>> = {
  //                  strict   standard acceptEdits unrestricted plan
  internal: row('allow', 'allow', 'allow', 'allow', 'allow'),
  question: row('ask', 'ask', 'ask', 'ask', 'allow'),
  'read-inside': row('ask', 'allow', 'allow', 'allow', 'allow'),
  'read-outside': row('ask', 'ask', 'ask', 'allow', 'allow'),
  'edit-inside': row('ask', 'ask', 'allow', 'allow', 'deny'),
  'edit-outside': row('ask', 'ask', 'ask', 'allow', 'deny'),
  network: row('ask', 'ask', 'ask', 'allow', 'allow'),
  execute: row('ask', 'ask', 'ask', 'allow', 'deny'),
  grave: row('ask', 'ask', 'ask', 'ask', 'deny'),
  forbidden: row('deny', 'deny', 'deny', 'deny', 'deny'),
};

const order: readonly Verdict[] = ['allow', 'ask', 'deny'];

/** The stricter one; the first where both say the same. */
export const stricter = (a: Ruling, b: Ruling): Ruling =>
  order.indexOf(b.verdict) > order.indexOf(a.verdict) ? b : a;

/** What holds for a call now (APR-1). */
export const rulingOf = (rulings: Rulings, mode: Mode, planning: boolean): Ruling =>
  planning ? stricter(rulings[mode], rulings.plan) : rulings[mode];

/** One ruling for each mode, and for planning. */
export const inEachMode = (ruling: (column: Mode | 'plan') => Ruling): Rulings => ({
  strict: ruling('strict'),
  standard: ruling('standard'),
  acceptEdits: ruling('acceptEdits'),
  unrestricted: ruling('unrestricted'),
  plan: ruling('plan'),
});

/** The rulings of a reach by the table alone. */
export function rulingsByTable(reach: Reach, reason: string): Rulings {
  return inEachMode((column) => ({ verdict: verdicts[reach][column], reason }));
}
