import type { Layer, Sandbox, Surroundings } from './sandbox.ts';

export const sandboxExec = '/usr/bin/sandbox-exec';

/** macOS. Nothing can stand in another place there: a private folder is closed, and `TMPDIR` names the one that stands in for /tmp. */
export const seatbelt: Sandbox = {
  name: 'seatbelt',
  wrap(command, layers, surroundings) {
    const tmp = layers.find(isTmp);
    return [
      ...[sandboxExec, '-p', profileOf(layers, surroundings)],
      ...(tmp ? ['/usr/bin/env', `TMPDIR=${surroundings.standIn(tmp.path)}`] : []),
      ...command,
    ];
  },
};

const isTmp = ({ path, access }: Layer) => access === 'private' && /^(\/private)?\/tmp$/.test(path);

/** Of two rules of a profile the later holds, so the layers go from the outer to the inner. */
export function profileOf(
  layers: readonly Layer[],
  { network, standIn }: Pick<Surroundings, 'network' | 'standIn'>,
): string {
  const stands = layers.filter(({ access }) => access === 'private').map(({ path }) => standIn(path));
  const written = layers.filter(({ access }) => access === 'write').map(({ path }) => path);
  return [
    '(version 1)',
    '(allow default)',
    // Ways to have a program outside do the work.
    '(deny appleevent-send)',
    '(deny lsopen)',
    '(deny job-creation)',
    '(deny signal)',
    '(allow signal (target same-sandbox))',
    ...layers.flatMap(rulesOf),
    ...stands.map((path) => `(allow file-read* file-write* (subpath ${quote(path)}))`),
    '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (subpath "/dev/fd"))',
    ...(network ? [] : ['(deny network*)']),
    ...[...written, ...stands].flatMap((path) =>
      ['local', 'remote'].map((end) => `(allow network* (${end} unix-socket (subpath ${quote(path)})))`),
    ),
  ].join('\n');
}

function rulesOf({ path, access, folder }: Layer): readonly string[] {
  const there = `(${folder ? 'subpath' : 'literal'} ${quote(path)})`;
  const sockets = (verb: string) => `(${verb} network-outbound (remote unix-socket ${there}))`;
  if (access === 'read')
    return [`(allow file-read* ${there})`, `(deny file-write* ${there})`, sockets('allow')];
  if (access !== 'write') return [`(deny file-read* file-write* ${there})`, sockets('deny')];
  // What is in it may be changed; it stays where it is itself.
  return [`(allow file-read* file-write* ${there})`, `(deny file-write-unlink (literal ${quote(path)}))`];
}

const quote = (path: string): string => `"${path.replace(/[\\"]/g, '\\$&')}"`;
