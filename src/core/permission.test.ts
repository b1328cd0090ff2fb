import { describe, expect, it } from 'vitest';
import { type Mode, modes, readMode } from '../protocol/modes.ts';
import type { Access } from './facts.ts';
import { classify } from './permission.ts';

/** Accesses that a mode frees: inside the working directory, and outside of it. */
const free: Record<Mode, { inside: readonly Access[]; outside: readonly Access[] }> = {
  standard: { inside: ['read'], outside: [] },
  acceptEdits: { inside: ['read', 'edit'], outside: [] },
  strict: { inside: [], outside: [] },
  unrestricted: { inside: ['read', 'edit', 'execute'], outside: ['read', 'edit', 'execute'] },
};
const accesses: readonly Access[] = ['read', 'edit', 'execute', 'question'];
const rows = modes.flatMap((mode) =>
  (['inside', 'outside'] as const).flatMap((where) =>
    accesses.map((access) => ({
      mode,
      where,
      access,
      who: free[mode][where].includes(access) ? 'allow' : 'ask',
    })),
  ),
);

describe('[APR-1] who decides about a call', () => {
  it.each(rows)('$mode, $access $where: $who', ({ mode, where, access, who }) => {
    expect(classify(mode, { access, inside: where === 'inside' })).toBe(who);
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
