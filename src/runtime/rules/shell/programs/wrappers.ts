import { type Options, options } from '../options.ts';

type Wrapper = {
  readonly options: Options;
  /** How many words stand before the command. */
  readonly before: number;
};

const wrapper = (known: string, before = 0): Wrapper => ({ options: options(known), before });

/** [PERM-4] Programs that run the command behind them and change nothing about it: it alone is judged. */
export const transparent: ReadonlyMap<string, Wrapper> = new Map(
  Object.entries({
    busybox: wrapper(''),
    exec: wrapper('-c'),
    ionice: wrapper('-c: -n: -t --class: --classdata: --ignore'),
    nice: wrapper('-n: -# --adjustment:'),
    nohup: wrapper(''),
    setsid: wrapper('-cfw --ctty --fork --wait'),
    stdbuf: wrapper('-i: -o: -e: --input: --output: --error:'),
    time: wrapper('-pv'),
    timeout: wrapper('-fv -k: -s: --foreground --kill-after: --preserve-status --signal: --verbose', 1),
  }),
);

/**
 * Programs that run a command in a way that is never only reading: as somebody else, elsewhere, over and over, or found by a name of
 * their own. What stands behind them is looked through for what is worse.
 */
export const opaque: ReadonlySet<string> = new Set(
  (
    'sudo doas su pkexec runuser sg newgrp watch parallel flock unshare nsenter strace ltrace script start-stop-daemon taskset chroot run-parts expect npx bunx pnpx ' +
    'npm pnpm yarn bun uv uvx pipx poetry ssh systemd-run screen tmux chrt numactl firejail bwrap dbus-run-session xvfb-run entr proot fakeroot caffeinate setarch ' +
    'prlimit direnv nix-shell toybox docker podman kubectl make at batch coproc hyperfine rlwrap unbuffer dtach tsp env-cmd dotenv cross-env'
  ).split(' '),
);

/** Programs whose first words are their own program text; a script of theirs may be one of ours. */
export const interpreters: ReadonlySet<string> = new Set(
  'node deno bun python python2 python3 perl ruby php lua tclsh awk gawk mawk nawk'.split(' '),
);

/** Shells that are understood, and others that are only looked through. */
export const shells: ReadonlySet<string> = new Set(['bash', 'sh', 'dash']);
export const otherShells: ReadonlySet<string> = new Set(
  'zsh fish ksh mksh csh tcsh ash pwsh rbash elvish nu xonsh'.split(' '),
);

export const envOptions = options('-i -0 -u: -C: --ignore-environment --null --unset: --chdir: -v --debug');
export const xargsOptions = options(
  '-0rtx -a< -d: -E: -I: -L: -n: -P: -s: --null --arg-file< --delimiter: --eof: --replace? --max-lines: --max-args: --max-procs: --max-chars: --no-run-if-empty --verbose --exit',
);
export const shellOptions = options('-ceux -o: --norc --noprofile');
