/** How much an agent may do without asking. */
export const modes = ['standard', 'acceptEdits', 'unrestricted', 'strict'] as const;
export type Mode = (typeof modes)[number];

const aliases: Readonly<Record<string, Mode>> = {
  default: 'standard',
  bypassPermissions: 'unrestricted',
  fullAccess: 'unrestricted',
};

/** A mode by its name or one of the names other programs use for it; null for anything else. */
export function readMode(name: unknown): Mode | null {
  if (typeof name !== 'string') return null;
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  return modes.find((mode) => mode === name) ?? alias ?? null;
}

const freedom: readonly Mode[] = ['strict', 'standard', 'acceptEdits', 'unrestricted'];

/** Whether `mode` lets an agent do more than `other` without asking. */
export const isFreer = (mode: Mode, other: Mode): boolean => freedom.indexOf(mode) > freedom.indexOf(other);
