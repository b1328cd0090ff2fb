import type { Mode } from '../../protocol/modes.ts';
import { isFreer } from '../../protocol/modes.ts';
import { type Principal, type Privilege, privileges } from '../../protocol/privileges.ts';
import type { Settings } from '../settings/settings.ts';
import type { SettingsFile } from '../settings/settings-file.ts';

/** [PERM-7] What the owner's settings set for everybody; settings that cannot be read leave as little as there is. */
export interface Bounds {
  /** The freest mode that may be chosen; null: any. */
  ceiling(): Mode | null;
  /** The mode, or the ceiling where that is stricter. */
  atMost(mode: Mode): Mode;
  /** What whoever comes from elsewhere than this machine's own terminals may do at most. */
  policyFor(by: Principal): readonly Privilege[];
}

/** The owner's private socket, and the bare link of a program that holds the device itself. */
const local: ReadonlySet<string> = new Set(['private', 'link']);

export function boundsIn(file: Pick<SettingsFile, 'read'>): Bounds {
  const settings = (): Settings | null => {
    try {
      return file.read();
    } catch {
      // Whoever asks for a call or a mode is told why by the rules.
      return null;
    }
  };
  const ceiling = (): Mode | null => {
    const known = settings();
    return known ? (known.ceiling ?? null) : 'standard';
  };
  return {
    ceiling,
    atMost(mode) {
      const top = ceiling();
      return top !== null && isFreer(mode, top) ? top : mode;
    },
    policyFor({ origin }) {
      if (local.has(origin)) return privileges;
      const known = settings();
      return known ? (known.policy ?? privileges) : ['observe'];
    },
  };
}
