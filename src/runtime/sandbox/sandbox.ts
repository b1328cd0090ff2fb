import type { Problem } from '../tools/tool.ts';

/**
 * What a confined command may do with a path and everything below it; of two rules the one for the longer path holds.
 * `guarded`: read-only where it could be written otherwise. `hidden`: an empty folder or file stands there.
 * `private`: a folder of the conversation's own stands there.
 */
export type Access = 'read' | 'write' | 'guarded' | 'hidden' | 'private';

/** `path` is absolute; of two rules for the same one the later holds. */
export type Rule = { readonly path: string; readonly access: Access };

/** What a command may reach. The first rule is that of `/`. */
export type Confinement = {
  readonly rules: readonly Rule[];
  readonly network: boolean;
  /** For the model, when a command fails that may have needed more. */
  readonly note: string;
};

/** A rule as it is to be put in place, the outer ones first: real paths that exist, none that changes nothing. */
export type Layer = {
  readonly path: string;
  readonly access: 'read' | 'write' | 'hidden' | 'private';
  readonly folder: boolean;
};

export type Surroundings = {
  readonly cwd: string;
  readonly network: boolean;
  /** An empty file, to be shown for hidden ones. */
  readonly empty: string;
  /** The folder that stands at a private path. */
  readonly standIn: (path: string) => string;
};

/** A program of the system that runs other programs confined. */
export interface Sandbox {
  readonly name: 'bubblewrap' | 'seatbelt';
  /** The command that runs `command` confined. Its process group, its standard streams and its environment stay. */
  wrap(command: readonly string[], layers: readonly Layer[], surroundings: Surroundings): readonly string[];
}

/** `missing` says why there is none and what to do about it. */
export type FoundSandbox = { readonly sandbox: Sandbox } | { readonly missing: string };

/** `required`: no command runs unconfined. `auto`: where the system can. */
export const sandboxSettings = ['off', 'auto', 'required'] as const;
export type SandboxSetting = (typeof sandboxSettings)[number];

/** A command ready to be started; `note` is null when it is not confined. */
export type Confined = { readonly command: readonly string[]; readonly note: string | null };

/** Wraps a program and its arguments, or says why they may not run here. */
export type Confine = (command: readonly string[]) => Promise<Confined | Problem>;
