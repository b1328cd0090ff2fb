import { describe, expect, it } from 'vitest';
import { type Mode, modes, readMode } from '../protocol/modes.ts';
import { type Reach, rulingOf, rulingsByTable, type Verdict, verdicts } from './permission.ts';

/** What each mode frees; everything else asks, and what is forbidden is denied. */
const free: Record<Mode, readonly Reach[]> = {
  strict: ['internal'],
  standard: ['internal', 'read-inside'],
  acceptEdits: ['internal', 'read-inside', 'edit-inside'],
  unrestricted: [
    'internal',
    'read-inside',
    'read-outside',
    'edit-inside',
    'edit-outside',
    'network',
    'execute',
  ],
};
const planned: readonly Reach[] = ['internal', 'question', 'read-inside', 'read-outside', 'network'];
const reaches = Object.keys(verdicts) as Reach[];

const expected = (mode: Mode, reach: Reach): Verdict => {
  if (reach === 'forbidden') return 'deny';
  return free[mode].includes(reach) ? 'allow' : 'ask';
};

const rows = modes.flatMap((mode) =>
  reaches.map((reach) => ({ mode, reach, verdict: expected(mode, reach) })),
);

describe('[PERM-1] who decides about a call', () => {
  it.each(rows)('$mode, $reach: $verdict', ({ mode, reach, verdict }) => {
    expect(rulingOf(rulingsByTable(reach, 'why'), mode, false)).toEqual({ verdict, reason: 'why' });
  });

  it.each(rows)('[PERM-5] planning in $mode, $reach is never freer', ({ mode, reach, verdict }) => {
    const { verdict: planning } = rulingOf(rulingsByTable(reach, 'why'), mode, true);
    expect(planning).toBe(planned.includes(reach) ? verdict : 'deny');
  });
});

describe('modes by name', () => {
  it.each([
    ['standard', 'standard'],
    ['default', 'standard'],
    ['bypassPermissions', 'unrestricted'],
    ['fullAccess', 'unrestricted'],
    ['strict', 'strict'],
    ['plan', null],
    ['Standard', null],
    ['', null],
    ['constructor', null],
    ['__proto__', null],
  ])('%s is %s', (name, mode) => {
    expect(readMode(name)).toBe(mode);
  });
});
