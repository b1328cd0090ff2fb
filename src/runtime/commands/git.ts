import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../../protocol/errors.ts';
import { checkOut, listBranches } from '../git.ts';
import type { Handlers } from './handler.ts';

const RESULTS = 20;

export const gitHandlers = {
  async search_branches({ query, max_results = RESULTS, cwd }, { device }) {
    const branches = await listBranches(folderOf(device.host.cwd, cwd));
    if (typeof branches === 'string') return { ok: false, failure: failure('git_failed', branches) };
    const wanted = query.toLowerCase();
    const found = branches.filter(({ name }) => name.toLowerCase().includes(wanted));
    return { ok: true, payload: { branches: found.slice(0, max_results) } };
  },

  async checkout_branch({ branch, create = false, cwd }, { device, asker }) {
    const folder = folderOf(device.host.cwd, cwd);
    const problem = await checkOut(folder, branch, { create });
    if (problem !== null) return { ok: false, failure: failure('git_failed', problem), fields: { branch } };
    // Who works in that folder sees the new branch at once.
    for (const conversation of device.conversations.opened()) {
      if (conversation.state.cwd === folder) conversation.obey({ do: 'tell_status' }, asker);
    }
    return { ok: true, payload: { branch } };
  },
} satisfies Partial<Handlers>;

/** Relative to where new conversations begin, with links followed, as a conversation's own folder is. */
function folderOf(boot: string, cwd: string | undefined): string {
  const folder = resolve(boot, cwd ?? '.');
  try {
    return realpathSync(folder);
  } catch {
    // git says what is wrong with it.
    return folder;
  }
}
