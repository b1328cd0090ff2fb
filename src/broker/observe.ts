import { fields } from '../protocol/dialects/loose.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Observed } from './store/registry.ts';

/** What the registry shows has room for a name, not for whatever a device sends. */
const longest = { mode: 64, path: 4_096, branch: 256 };

/** Frames that tell about the device itself; every other frame tells nothing. */
const tellers: ReadonlyMap<string, (frame: Frame) => Observed> = new Map([
  ['update_device_status', ({ device_status }: Frame) => ofStatus(fields(device_status))],
]);

/** What a frame says about its device, or null. Whatever is not of the shape that it should have says nothing. */
export function observe(frame: Frame): Observed | null {
  const seen = tellers.get(frame.type)?.(frame) ?? {};
  return Object.keys(seen).length > 0 ? seen : null;
}

function ofStatus(status: ReturnType<typeof fields>): Observed {
  const { current_permission_mode: mode, current_working_directory: folder, git_context: git } = status;
  const branch = git === null ? null : fields(git).branch;
  return {
    ...(isName(mode, longest.mode) && { currentMode: mode }),
    ...((folder === null || isName(folder, longest.path)) && { workingDirectory: folder }),
    ...((branch === null || isName(branch, longest.branch)) && { gitBranch: branch }),
  };
}

const isName = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most && !/\p{Cc}/u.test(value);
