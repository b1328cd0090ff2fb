import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { CommandFrame } from '../../protocol/frames.ts';
import { type Mode, readMode } from '../../protocol/modes.ts';
import type { Host } from '../host.ts';
import { codeOf, reasonOf } from '../tools/errno.ts';
import { contains } from '../tools/paths.ts';

/** What a `runtime_start` wants of its conversation; null: as it is. `missing`: a path that is not there, which is told and passed over. */
export type Wishes = {
  readonly mode: Mode | null;
  readonly cwd: string | null;
  readonly missing: string | null;
};

/** Whether a `runtime_start` makes sense, before anything is made for it. */
export function readWishes(frame: CommandFrame<'runtime_start'>, host: Host): Wishes | Failure {
  const contradiction = contradictionOf(frame);
  if (contradiction) return failure('frame_invalid', contradiction);
  const mode = frame.mode === undefined ? null : readMode(frame.mode);
  if (frame.mode !== undefined && !mode) {
    const why = `There is no permission mode ${JSON.stringify(frame.mode.slice(0, 64))}. Modes: standard, acceptEdits, unrestricted, strict.`;
    return failure('mode_unknown', why);
  }
  const refusal = host.external.refusal(frame.external_tools ?? []);
  if (refusal) return refusal;
  const place = readFolder(frame.cwd, host.cwd);
  if ('code' in place) return place;
  const { workspace_sandbox: sandbox } = frame;
  if (sandbox && !contains(resolve(sandbox.root), place.cwd ?? host.cwd)) {
    const why = `The working directory ${place.cwd ?? host.cwd} lies outside of workspace_sandbox.root ${sandbox.root}.`;
    return failure('frame_invalid', why);
  }
  return { mode, ...place };
}

function contradictionOf(frame: CommandFrame<'runtime_start'>): string | null {
  const { agent_id, create_agent, conversation_id, create_conversation } = frame;
  if (agent_id != null && create_agent) return 'Send agent_id or create_agent, not both.';
  if (agent_id == null && !create_agent)
    return 'Send agent_id, or create_agent: every conversation here has an agent.';
  if (conversation_id !== undefined && create_conversation)
    return 'Send conversation_id or create_conversation, not both.';
  if (create_agent && conversation_id !== undefined && conversation_id !== 'default')
    return 'An agent that is yet to be made has no conversation of that id: leave conversation_id out.';
  return null;
}

/** A path that is not there falls back to where the device was started, as stock programs expect; a file is refused. */
function readFolder(asked: string | null | undefined, boot: string): Omit<Wishes, 'mode'> | Failure {
  if (asked === undefined) return { cwd: null, missing: null };
  if (asked === null) return { cwd: boot, missing: null };
  try {
    const path = realpathSync(resolve(boot, asked.trim()));
    if (asked.trim() !== '' && statSync(path).isDirectory()) return { cwd: path, missing: null };
    return failure('path_not_directory', `${asked} is no folder. Name one, or leave cwd out.`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { cwd: boot, missing: asked };
    return failure('path_not_directory', `${asked} cannot be the working directory: ${reasonOf(error)}.`);
  }
}
