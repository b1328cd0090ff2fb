import type { Access } from './facts.ts';

export const modes = ['standard', 'acceptEdits', 'unrestricted', 'strict'] as const;
export type Mode = (typeof modes)[number];

const aliases: Readonly<Record<string, Mode>> = {
  default: 'standard',
  bypassPermissions: 'unrestricted',
  fullAccess: 'unrestricted',
};

/** A mode by its name or one of the names other programs use for it; null for any other string. */
export function readMode(name: string): Mode | null {
  return modes.find((mode) => mode === name) ?? aliases[name] ?? null;
}

/**
 * Who decides about a call (APR-1). A question to the person is always theirs to answer; beyond that a mode
 * frees what lies inside the working directory, step by step.
 */
export function classify(mode: Mode, call: { access: Access; inside: boolean }): 'allow' | 'ask' {
  if (call.access === 'question' || mode === 'strict') return 'ask';
  if (mode === 'unrestricted') return 'allow';
  if (!call.inside) return 'ask';
  if (call.access === 'read') return 'allow';
  return mode === 'acceptEdits' && call.access === 'edit' ? 'allow' : 'ask';
}
