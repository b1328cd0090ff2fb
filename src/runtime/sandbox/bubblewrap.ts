import type { Layer, Sandbox, Surroundings } from './sandbox.ts';

/** What a machine has that matters to bubblewrap. */
export type Machine = {
  /** The path of bwrap. */
  readonly program: string;
  /** Whether we run as root, who has rights over other users' files that are capabilities. */
  readonly root: boolean;
  /** Graphics processors, as paths below /dev. */
  readonly devices: readonly string[];
};

/** Those that let root work with files of others, which it does where a container's folder comes from outside. */
const fileCapabilities = ['CAP_DAC_OVERRIDE', 'CAP_CHOWN', 'CAP_FOWNER'];

/**
 * Linux. The command keeps the process group that bwrap was started in, so that killing the group takes bwrap's init, and with it
 * everything in its pid namespace (TOOL-5). For that there is no --new-session; the group is a session of its own already, and has no
 * terminal. There is no --die-with-parent either: bwrap may end before what the command left running, which has a moment to end by itself.
 */
export function bubblewrap({ program, root, devices }: Machine): Sandbox {
  return {
    name: 'bubblewrap',
    wrap(command, layers, surroundings) {
      const [base, ...others] = layers;
      return [
        program,
        ...['--unshare-pid', '--unshare-ipc', ...(surroundings.network ? [] : ['--unshare-net'])],
        ...['--cap-drop', 'ALL', ...(root ? fileCapabilities.flatMap((name) => ['--cap-add', name]) : [])],
        ...(base ? mount(base, surroundings) : []),
        ...['--dev', '/dev', '--proc', '/proc'],
        ...devices.flatMap((path) => ['--dev-bind-try', path, path]),
        ...others.flatMap((layer) => mount(layer, surroundings)),
        // Only now, since the mount points inside had to be made.
        ...others.filter(isCover).flatMap(({ path }) => ['--remount-ro', path]),
        ...(others.some(({ path, access }) => path === '/tmp' && access === 'private') ? ownTmp : []),
        ...['--chdir', surroundings.cwd, '--', ...command],
      ];
    },
  };
}

const ownTmp = ['--setenv', 'TMPDIR', '/tmp', '--unsetenv', 'TMP', '--unsetenv', 'TEMP'];

const isCover = ({ access, folder }: Layer): boolean => access === 'hidden' && folder;

function mount({ path, access, folder }: Layer, { empty, standIn }: Surroundings): readonly string[] {
  if (access === 'write') return ['--bind', path, path];
  if (access === 'read') return ['--ro-bind', path, path];
  if (access === 'private') return ['--bind', standIn(path), path];
  return folder ? ['--tmpfs', path] : ['--ro-bind', empty, path];
}
