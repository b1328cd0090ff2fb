import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runs } from '../tools/test-context.ts';
import { confinedGround, untried } from './test-confined.ts';

if (untried !== null) console.log(`The sandbox is not tried here: ${untried}`);

describe.runIf(untried === null)('a confined command', { timeout: 30_000 }, () => {
  it.each([
    ['by its name', 'cat "$HOME/.ssh/id_test" "$HOME/.netrc"'],
    ['in a folder of settings', 'cat "$HOME/.config/gcloud/token"'],
    ["of Farhand's home", 'cat "$HOME/.farhand/device.db"'],
    ['by a search', 'grep -rs "a secret" "$HOME"'],
    ['through a symbolic link', 'ln -s "$HOME/.ssh" there; cat there/id_test'],
    ['through a hard link', 'ln "$HOME/.netrc" there; cat there'],
    ['through the root of a process', 'cat /proc/self/root$HOME/.ssh/id_test /proc/1/root$HOME/.ssh/id_test'],
    ['behind what covers it', 'umount "$HOME/.ssh"; umount -l "$HOME/.ssh"; cat "$HOME/.ssh/id_test"'],
    [
      'as root of a user namespace',
      'unshare -rm sh -c \'umount -l "$HOME/.ssh"; mount --bind "$HOME" /mnt; cat "$HOME/.ssh/id_test" /mnt/.ssh/id_test\'',
    ],
    ['through another root', 'chroot / cat "$HOME/.ssh/id_test"'],
  ])('[SBX-3] cannot read a hidden file %s', async (_how, command) => {
    const { run } = await confinedGround();
    const { text } = await run(`${command}; echo "ran to its end"`);
    expect(text).toContain('ran to its end');
    expect(text).not.toContain('a secret');
  });

  it.each([
    ['create', 'echo x > "$OUT/new"'],
    ['make a folder', 'mkdir "$OUT/folder"'],
    ['append', 'echo x >> "$OUT/file"'],
    ['empty', ': > "$OUT/file"'],
    ['rename over', 'echo x > mine; mv -f mine "$OUT/file"'],
    ['rename away', 'mv "$OUT/file" mine'],
    ['unlink', 'rm -f "$OUT/file"'],
    ['chmod', 'chmod 777 "$OUT/file"'],
    ['touch', 'touch -d 2001-01-01 "$OUT/file"'],
    ['write through a symbolic link', 'ln -s "$OUT/file" link; echo x > link'],
    ['write through a linked folder', 'mkdir d; echo x > d/new; rm -r d; ln -s "$OUT" d; echo x > d/new'],
    ['write through a hard link', 'ln "$OUT/file" hard && echo x > hard'],
    ['write through ..', 'echo x > ../../outside/file'],
    ['write through its own root', 'echo x > "/proc/self/root$OUT/file"'],
    ['write through the root of pid 1', 'echo x > "/proc/1/root$OUT/file"'],
    ['write through the folder of a process', 'cd "$OUT"; echo x > /proc/self/cwd/file'],
    [
      'write through a descriptor opened for reading',
      'exec 5< "$OUT/file"; echo x > /proc/self/fd/5; exec 5< "$OUT"; echo x > /proc/self/fd/5/new',
    ],
    ['mount it anew', 'mount -o remount,rw /; mount -o remount,bind,rw / ; echo x > "$OUT/new"'],
    [
      'mount it anew in a user namespace',
      'unshare -rm sh -c \'mount -o remount,bind,rw /; echo x > "$OUT/new"\'',
    ],
    ['write at its place in the home', 'echo x >> "$HOME/.gitconfig"; echo x > "$HOME/.bashrc"'],
    ['write what is hidden', 'echo x > "$HOME/.ssh/config"; echo x > "$HOME/.netrc"'],
  ])('[SBX-3] cannot change anything outside: %s', async (_how, command) => {
    const { run, home, outside, cwd, pictureOf } = await confinedGround();
    for (const cache of ['.cache', '.npm']) mkdirSync(join(home, cache));
    const picture = () => [
      ...pictureOf(outside),
      ...pictureOf(home).filter((line) => !line.startsWith('project') && !line.includes('scratch')),
    ];
    const before = picture();
    const { text } = await run(`export OUT='${outside}'\n{ ${command}; } 2>&1; echo "ran to its end"`);
    expect(text).toContain('ran to its end');
    expect(picture()).toEqual(before);
    expect(existsSync(cwd)).toBe(true);
  });

  it.each([
    ['a hook', 'echo "exit 0" > .git/hooks/pre-commit'],
    [
      'a hook where the template made none',
      'rm -rf .git/hooks; mkdir -p .git/hooks; echo x > .git/hooks/post-merge',
    ],
    ['a hook in another git folder', 'mv .git old; cp -r old .git; echo x > .git/hooks/pre-commit'],
    ['the folder of hooks', 'mv .git/hooks old; mkdir .git/hooks; echo x > .git/hooks/pre-commit'],
    [
      'the configuration',
      'git config core.fsmonitor ./x; echo x >> .git/config; mv -f .git/HEAD .git/config',
    ],
    ['settings of the project', 'echo x > .claude/settings.json; rm -rf .claude; mv .claude old'],
    ['servers of the project', 'echo x > .mcp.json; echo x > n; mv -f n .mcp.json; rm -f .mcp.json'],
  ])('[SBX-4] cannot write %s', async (_what, command) => {
    const { run, cwd, pictureOf } = await confinedGround();
    mkdirSync(join(cwd, '.claude'));
    writeFileSync(join(cwd, '.claude', 'settings.json'), '{}\n');
    writeFileSync(join(cwd, '.mcp.json'), '{}\n');
    const picture = () => [
      readFileSync(join(cwd, '.mcp.json'), 'utf8'),
      readFileSync(join(cwd, '.git', 'config'), 'utf8'),
      ...pictureOf(join(cwd, '.git', 'hooks')),
      ...pictureOf(join(cwd, '.claude')),
    ];
    const before = picture();
    const { text } = await run(`{ ${command}; } 2>&1; echo "ran to its end"`);
    expect(text).toContain('ran to its end');
    expect(picture()).toEqual(before);
  });

  it('[SBX-4] cannot make hooks where there were none', async () => {
    const { run, cwd } = await confinedGround();
    rmSync(join(cwd, '.git', 'hooks'), { recursive: true });
    await run('mkdir -p .git/hooks; echo x > .git/hooks/pre-commit');
    expect(readdirSync(join(cwd, '.git', 'hooks'))).toEqual([]);
  });

  const dial = (to: string) =>
    `node -e 'require("net").connect(${to}).on("connect", () => { console.log("reached it"); process.exit() }).on("error", (e) => console.log(e.code))'`;

  it('[SBX-5] in the mode strict reaches nobody: TCP, UDP, or a socket without a file', async () => {
    const { run } = await confinedGround();
    const heard: string[] = [];
    const tcp = createServer((socket) => void socket.destroy()).listen(0, '127.0.0.1');
    const abstract = createServer((socket) => void socket.destroy()).listen(`\0farhand-${process.pid}`);
    const udp = createSocket('udp4', (message) => void heard.push(String(message)));
    udp.bind(0, '127.0.0.1');
    await Promise.all([tcp, abstract, udp].map((socket) => once(socket, 'listening')));
    onTestFinished(() => {
      tcp.close();
      abstract.close();
      udp.close();
    });
    const { port } = tcp.address() as AddressInfo;
    const command = [
      dial(`{ host: "127.0.0.1", port: ${port} }`),
      dial(`{ host: "192.0.2.1", port: 80 }`),
      `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("\\0farhand-${process.pid}"); print("reached it")' 2>&1 | sed 's/^.*Error.*/EFAIL/' | tail -1`,
      `node -e 'require("dgram").createSocket("udp4").send("hello", ${udp.address().port}, "127.0.0.1", () => process.exit())'`,
      'echo "ran to its end"',
    ].join('\n');
    const confined = await run(command, { mode: 'strict' });
    expect(confined.text).toMatch(/^(E[A-Z]+\n){3}ran to its end$/);
    expect(heard).toEqual([]);

    const reaching = await run(command.replace(dial(`{ host: "192.0.2.1", port: 80 }`), ':'));
    expect(reaching.text).toBe('reached it\nreached it\nran to its end');
    await expect.poll(() => heard).toEqual(['hello']);
  });

  it('[SBX-3] does not reach sockets of services, nor files of others in /tmp', async () => {
    const { run } = await confinedGround();
    const path = join(tmpdir(), `farhand-${process.pid}.sock`);
    const server = createServer((socket) => void socket.destroy()).listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(
      (await run(`${dial(`{ path: "${path}" }`)}; ls -A /run/user /run/dbus /run/systemd`)).text,
    ).toMatch(/^Exit code 2\nENOENT\n/);
  });

  it('[SBX-6] neither sees nor signals what runs outside', async () => {
    const { run } = await confinedGround();
    const bystander = spawn('sleep', ['86399'], { stdio: 'ignore' });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    await once(bystander, 'spawn');
    const { text } = await run(
      `kill -9 ${bystander.pid} 2>&1; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 8639[9]$'; tr '\\0' '\\n' < /proc/1/environ | grep -c VITEST`,
    );
    expect(text).toMatch(/No such process\n0\n0$/);
    expect(runs(bystander.pid ?? 0)).toBe(true);
  });

  it('does its ordinary work', async () => {
    const { run, cwd, home } = await confinedGround();
    const command = `set -e
      echo one > file; mv file renamed; ln -s renamed link; mkdir -p a/b; chmod 700 a; ln renamed hard
      [ "$(cat link | tr a-z A-Z | rev | rev)" = ONE ]
      node -e 'require("fs").writeFileSync("by-node", require("os").tmpdir())'
      python3 -c 'import tempfile; tempfile.NamedTemporaryFile().write(b"x")'
      git add . && git commit -qm first && git checkout -qb side && git log --oneline | wc -l
      made=$(mktemp); echo x > "$made"; cat <<END
here
END
      (sleep 0.01; echo later) & wait
      echo kept > /tmp/kept; echo x > /dev/null; head -c1 /dev/urandom | wc -c
      [ -d "$HOME/.cache" ] && echo x > "$HOME/.cache/x" && echo x > "$HOME/.npm/x"; git config user.name`;
    expect(await run(command)).toEqual({ status: 'success', text: '1\nhere\nlater\n1\nTester' });
    expect(readFileSync(join(cwd, 'by-node'), 'utf8')).toBe('/tmp');
    expect(existsSync(join(home, '.cache', 'x'))).toBe(true);
    expect(await run('cat /tmp/kept')).toEqual({ status: 'success', text: 'kept' });
    expect(existsSync('/tmp/kept')).toBe(false);
  });

  it('[SBX-4] commits in a worktree of git and below the top of a repository, where hooks stay guarded', async () => {
    const { run, cwd, home } = await confinedGround();
    mkdirSync(join(cwd, 'below'));
    const made = await run('git commit -q --allow-empty -m first && git worktree add -q "$PWD/tree" 2>&1');
    expect(made.status).toBe('success');
    execFileSync('git', ['-C', cwd, 'worktree', 'move', 'tree', join(home, 'tree')]);
    const command =
      'git commit -q --allow-empty -m more && git log --oneline | wc -l; echo x > ../new; echo x > "$(git rev-parse --git-common-dir)/hooks/pre-commit"';
    for (const folder of [join(home, 'tree'), join(cwd, 'below')]) {
      const { text } = await run(command, { cwd: folder });
      expect(text).toMatch(/^Exit code 1\n2\n.*\.\.\/new: Read-only.*\n.*hooks\/pre-commit: Read-only/);
    }
  });

  it('[SBX-4] takes no folder for a repository that a command has named', async () => {
    const { run, cwd, outside, pictureOf } = await confinedGround();
    execFileSync('git', ['init', '-q', outside]);
    mkdirSync(join(outside, '.git', 'worktrees', 'mine'), { recursive: true });
    mkdirSync(join(outside, 'tree'));
    writeFileSync(join(outside, 'tree', '.git'), '');
    writeFileSync(join(outside, '.git', 'worktrees', 'mine', 'gitdir'), `${outside}/tree/.git\n`);
    const before = pictureOf(outside);
    const named = `gitdir: ${outside}/.git/worktrees/mine`;
    for (const command of [
      `echo '${named}' > below/.git`,
      `rm -f below/.git; ln -s ${outside}/.git below/.git`,
    ]) {
      mkdirSync(join(cwd, 'below'), { recursive: true });
      expect((await run(command)).status).toBe('success');
      expect((await run(`echo x > ${outside}/.git/x`, { cwd: join(cwd, 'below') })).text).toMatch(
        /Read-only/,
      );
    }
    expect(pictureOf(outside)).toEqual(before);
  });

  it('may be told by its failure what confines it', async () => {
    const { run, outside } = await confinedGround();
    expect((await run(`echo x > ${outside}/new`)).text).toMatch(/^Exit code 1\n.*Read-only.*\n\[Confined: /);
    expect((await run('exit 3')).text).toBe('Exit code 3');
    expect((await run('echo EROFS')).text).toBe('EROFS');
  });

  it('reads its own long output again', async () => {
    const { run, scratch } = await confinedGround();
    const { text } = await run('head -c 200000 /dev/zero | tr "\\0" x');
    const file = /whole output is in (\S+) /.exec(text)?.[1] ?? '';
    expect(file.startsWith(scratch)).toBe(true);
    const again = await run(`wc -c < ${file}; echo x > ${file}`);
    expect(again.text).toMatch(/^Exit code 1\n200000\n.*Read-only/);
  });
});

describe.runIf(untried === null)('a command of a conversation with a workspace', { timeout: 30_000 }, () => {
  it('[SBX-7] writes in the root and the isolation root alone, and sees nothing else of the home', async () => {
    const { run, home, cwd, outside } = await confinedGround();
    mkdirSync(join(cwd, 'below'));
    writeFileSync(join(home, 'notes'), 'a secret\n');
    for (const cache of ['.cache', '.npm']) mkdirSync(join(home, cache));
    const workspace = { root: cwd, isolation_root: outside };
    for (const mode of ['standard', 'unrestricted'] as const) {
      const { text } = await run(
        `cat "$HOME/notes" "$HOME/.ssh/id_test" "$HOME/.gitconfig"; echo x > "$HOME/lost"
         echo x > "$HOME/.cache/lost"; echo x > '${home}/.npm/lost'; echo x > /var/tmp/lost
         echo here > ../new && echo there > '${outside}/new' && cat ../new '${outside}/new'`,
        { cwd: join(cwd, 'below'), mode, workspace },
      );
      expect(text).not.toContain('a secret');
      expect(text).toMatch(/here\nthere$/);
      expect(['lost', '.cache/lost', '.npm/lost'].filter((name) => existsSync(join(home, name)))).toEqual([]);
      expect(existsSync('/var/tmp/lost')).toBe(false);
    }
  });

  it('[SBX-7] runs inside of the root only', async () => {
    const { run, home, cwd } = await confinedGround();
    const workspace = { root: join(cwd, 'below'), isolation_root: home };
    expect(await run('touch effect', { workspace })).toMatchObject({
      status: 'error',
      text: expect.stringMatching(/lies outside of .*below, which this conversation is confined to/),
    });
  });
});
