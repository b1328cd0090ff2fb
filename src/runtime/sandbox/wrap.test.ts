import { describe, expect, it } from 'vitest';
import { bubblewrap } from './bubblewrap.ts';
import { graphics } from './find-sandbox.ts';
import type { Layer } from './sandbox.ts';
import { profileOf, seatbelt } from './seatbelt.ts';

const layers: readonly Layer[] = [
  { path: '/', access: 'read', folder: true },
  { path: '/run', access: 'hidden', folder: true },
  { path: '/tmp', access: 'private', folder: true },
  { path: '/home/me/p', access: 'write', folder: true },
  { path: '/home/me/.netrc', access: 'hidden', folder: false },
  { path: '/home/me/p/.git', access: 'write', folder: true },
  { path: '/run/systemd/resolve', access: 'read', folder: true },
];
const around = {
  cwd: '/home/me/p',
  network: true,
  empty: '/own/empty',
  standIn: (path: string) => `/own${path}`,
};

describe('bubblewrap', () => {
  const machine = { program: '/usr/bin/bwrap', root: false, devices: ['/dev/dri'] };
  const args = (changes: object = {}, how: object = {}) =>
    bubblewrap({ ...machine, ...how }).wrap(['sh', '-c', 'true'], layers, { ...around, ...changes });

  it('[SBX-3] mounts from the outer to the inner, closes covers last, and runs the command', () => {
    expect(args().join(' ')).toBe(
      [
        '/usr/bin/bwrap --unshare-pid --unshare-ipc --cap-drop ALL --ro-bind / / --dev /dev --proc /proc',
        '--dev-bind-try /dev/dri /dev/dri',
        '--tmpfs /run --bind /own/tmp /tmp --bind /home/me/p /home/me/p --ro-bind /own/empty /home/me/.netrc',
        '--bind /home/me/p/.git /home/me/p/.git --ro-bind /run/systemd/resolve /run/systemd/resolve',
        '--remount-ro /run --setenv TMPDIR /tmp --unsetenv TMP --unsetenv TEMP',
        '--chdir /home/me/p -- sh -c true',
      ].join(' '),
    );
  });

  it('[SBX-5] takes the network away', () => {
    expect(args()).not.toContain('--unshare-net');
    expect(args({ network: false })).toContain('--unshare-net');
  });

  it('leaves root its rights over files of others, and no other', () => {
    expect(args({}, { root: true }).filter((_, index, all) => all[index - 1] === '--cap-add')).toEqual([
      'CAP_DAC_OVERRIDE',
      'CAP_CHOWN',
      'CAP_FOWNER',
    ]);
  });

  it('[TOOL-5] stays in its process group, so that killing the group kills all', () => {
    expect(args()).not.toContain('--new-session');
    expect(args()).toContain('--unshare-pid');
  });

  it('shows graphics processors', () => {
    expect(graphics(['sda', 'nvidia0', 'nvidiactl', 'dri', 'kmsg', 'kfd', 'mem'])).toEqual([
      'nvidia0',
      'nvidiactl',
      'dri',
      'kfd',
    ]);
  });
});

describe('seatbelt', () => {
  it('[SBX-3] writes a profile in which the inner rule comes later', () => {
    expect(profileOf(layers.slice(0, 6), around).split('\n')).toEqual([
      '(version 1)',
      '(allow default)',
      '(deny appleevent-send)',
      '(deny lsopen)',
      '(deny job-creation)',
      '(deny signal)',
      '(allow signal (target same-sandbox))',
      '(allow file-read* (subpath "/"))',
      '(deny file-write* (subpath "/"))',
      '(allow network-outbound (remote unix-socket (subpath "/")))',
      '(deny file-read* file-write* (subpath "/run"))',
      '(deny network-outbound (remote unix-socket (subpath "/run")))',
      '(deny file-read* file-write* (subpath "/tmp"))',
      '(deny network-outbound (remote unix-socket (subpath "/tmp")))',
      '(allow file-read* file-write* (subpath "/home/me/p"))',
      '(deny file-write-unlink (literal "/home/me/p"))',
      '(deny file-read* file-write* (literal "/home/me/.netrc"))',
      '(deny network-outbound (remote unix-socket (literal "/home/me/.netrc")))',
      '(allow file-read* file-write* (subpath "/home/me/p/.git"))',
      '(deny file-write-unlink (literal "/home/me/p/.git"))',
      '(allow file-read* file-write* (subpath "/own/tmp"))',
      '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (subpath "/dev/fd"))',
      '(allow network* (local unix-socket (subpath "/home/me/p")))',
      '(allow network* (remote unix-socket (subpath "/home/me/p")))',
      '(allow network* (local unix-socket (subpath "/home/me/p/.git")))',
      '(allow network* (remote unix-socket (subpath "/home/me/p/.git")))',
      '(allow network* (local unix-socket (subpath "/own/tmp")))',
      '(allow network* (remote unix-socket (subpath "/own/tmp")))',
    ]);
  });

  it('[SBX-5] takes the network away', () => {
    expect(profileOf(layers, around)).not.toContain('(deny network*)');
    expect(profileOf(layers, { ...around, network: false })).toContain('(deny network*)');
  });

  it('lets no path end its string', () => {
    const odd: Layer = { path: '/a"b\\c (x)', access: 'write', folder: true };
    expect(profileOf([odd], around)).toContain('(allow file-read* file-write* (subpath "/a\\"b\\\\c (x)"))');
  });

  it('names the folder for what is temporary', () => {
    expect(seatbelt.wrap(['sh'], layers, around).slice(3)).toEqual(['/usr/bin/env', 'TMPDIR=/own/tmp', 'sh']);
  });
});
