import type { Mode } from '../protocol/modes.ts';
import type { Access } from './facts.ts';

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
