import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reach } from '../../../core/permission.ts';
import { analyse } from './analyse.ts';
import { type Disk, placesOn } from './place.ts';
import { shellDeeds } from './shell-deeds.ts';
import type { Situation } from './situation.ts';

const emptyDisk: Disk = { link: () => null, kind: () => 'missing', links: () => [] };
const situation = (): Situation => ({
  cwd: '/work/project',
  home: '/home/dev',
  user: 'dev',
  farhandHome: '/home/dev/.farhand',
  trusted: true,
  isReplaced: () => false,
  ...placesOn(emptyDisk, { cwd: '/work/project', denied: ['/home/dev/.farhand'], readable: [] }),
});
const reachesOf = (command: string, more: Partial<Situation> = {}): ReadonlySet<Reach> =>
  new Set(analyse(command, { ...situation(), ...more }).map(({ reach }) => reach));

describe('[PERM-4] the deeds of a command', () => {
  it('are one for each simple command, redirection and assignment that matters', () => {
    const deeds = analyse('CI=1 npm test > build/log && echo "$(id)"', situation());
    expect(deeds.filter(({ witness }) => !witness)).toEqual([
      {
        reach: 'edit-inside',
        subject: '> build/log',
        match: { kind: 'path', path: '/work/project/build/log' },
      },
      {
        reach: 'execute',
        subject: 'CI=1 npm test > build/log',
        match: { kind: 'command', words: ['npm', 'test'] },
      },
      { reach: 'execute', subject: 'CI=1', match: null },
      { reach: 'execute', subject: 'id', match: { kind: 'command', words: ['id'] } },
      { reach: 'read-inside', subject: 'echo "$(id)"', match: { kind: 'command', words: ['echo', null] } },
    ]);
  });

  it('have the words as the shell would make them, and what they say as it is written', () => {
    const [deed] = analyse(String.raw`n''pm $'\x74est' "$X"`, situation()).filter(
      ({ reach }) => reach === 'execute',
    );
    expect(deed).toEqual({
      reach: 'execute',
      subject: String.raw`n''pm $'\x74est' "$X"`,
      match: { kind: 'command', words: ['npm', 'test', null] },
    });
  });

  it('show nothing that is not seen', () => {
    const deeds = analyse('echo a\u202eb\u001b[2K', situation());
    expect(deeds.map(({ subject }) => subject)).toContain(String.raw`echo a\u{202e}b\u{1b}[2K`);
  });

  it('are those of git only where the repository is trusted', () => {
    expect(reachesOf('git status')).toEqual(new Set(['read-inside']));
    expect(reachesOf('git status', { trusted: false })).toEqual(new Set(['execute']));
  });

  it('are not those of a known program where the project has one of that name', () => {
    expect(reachesOf('cat a', { isReplaced: (program) => program === 'cat' })).toContain('execute');
    expect(reachesOf('echo a', { isReplaced: () => true })).toEqual(new Set(['read-inside']));
  });

  it.each<[string, Reach]>([
    ['d=build; for i in 1 2; do rm -rf "$d"; d=/; done', 'grave'],
    ['d=build; while true; do rm -rf "$d"; d=/; done', 'grave'],
    ['d=build; [ -n "$1" ] && d=/; rm -rf "$d"', 'grave'],
    ['f() { cd ..; }; cd src && f; rm -rf *', 'grave'],
    ['cd build || exit 1; rm -rf *', 'execute'],
    ['cd build; rm -rf *', 'grave'],
    ['cp -r src docs; echo x > docs/link/x', 'execute'],
    ['cp src/.npmrc docs/', 'edit-outside'],
    ['tar cf x.tar -C /home/dev .farhand', 'forbidden'],
    [`python3 -c 'open("/home/dev/.farhand/x")'`, 'forbidden'],
    [`{'rm',"-rf",/}`, 'grave'],
  ])('of `%s` are %s', (command, reach) => {
    expect(reachesOf(command)).toContain(reach);
  });
});

describe('[PERM-4] the analysis', () => {
  const signs =
    '$( ` \' " \\ { } ( ) <<E E ; && || | & \n rm -rf ~ $x ${x * [ ] <( = a / if then fi do done for case in esac (( )) [[ ]] f(){ \0 \r eval bash -c cd > < <<< coproc'.split(
      ' ',
    );

  it('never throws and always says something', () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...signs), fc.string({ maxLength: 3 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('', ' '),
        (parts, between) => analyse(parts.join(between), situation()).length > 0,
      ),
    );
  });

  const times = (text: string, length = 100_000) => text.repeat(length / text.length);
  const nested = (open: string, core: string, close: string, depth: number) =>
    open.repeat(depth) + core + close.repeat(depth);

  it.each<[string, string]>([
    ['words', `echo${times(' word')}`],
    ['commands', times(':;')],
    ['substitutions', times('"$(ls)"')],
    ['substitutions within each other', nested('echo $(', 'hi', ')', 15_000)],
    ['quotes and substitutions', times('"$(')],
    ['backquotes', times('`\\`')],
    ['braces', times('{a,b}')],
    ['open braces', times('{')],
    ['stars', times('*a')],
    ['assignments', times('a=1;')],
    ['here-documents', times('<<E ')],
    ['a long here-document', `cat > src/a.ts <<'EOF'\n${times('f("a", `b`) << 2;\n')}EOF`],
    ['paths', `cat ${Array.from({ length: 10_000 }, (_, n) => `src/a${n}`).join(' ')}`],
    ['ways up', `cat ${times('../')}`],
    ['wrappers', `${times('sudo ')}ls`],
    ['commands of find', `find . ${times('-exec ls {} \\; ')}`],
    ['loops within each other', nested('for i in 1 2 3 4; do ', 'ls', '; done', 20)],
    [
      'functions that call two',
      Array.from({ length: 40 }, (_, n) => `f${n + 1}() { f${n}; f${n}; };`).join(''),
    ],
    ['options', `kubectl ${times('-n a ')}`],
  ])('takes no longer than a blink for a long text of %s', (_, command) => {
    const begin = performance.now();
    analyse(command, situation());
    // A few times what it takes, for a machine with other things to do; what is quadratic takes seconds.
    expect(performance.now() - begin).toBeLessThan(700);
  });

  it('says the worst of what it does not look through', () => {
    expect(reachesOf(`${':;'.repeat(60_000)}rm -rf ~`)).toContain('grave');
    // Not by the name, which the text does not show.
    expect(reachesOf(`${':;'.repeat(60_000)}r{m,} -rf ~`)).toContain('grave');
    expect(reachesOf(`${nested('( ', 'r{m,} -rf ~', ' )', 100)}`)).toContain('grave');
    expect(reachesOf('{r{m,},-rf,/,{1..300}}')).toContain('grave');
    expect(reachesOf(`eval x{1..999}';rm -rf /'`)).toContain('grave');
    expect(reachesOf(`eval "${'$1'.repeat(600)}; rm -rf /"`)).toContain('grave');
    expect(reachesOf(`eval ${"'a'\\''b'".repeat(400)}'; rm -rf /'`)).toContain('grave');
    expect(reachesOf('echo {1..1000}')).toEqual(new Set(['read-inside']));
    expect(reachesOf(`${nested('echo $(', 'cat /home/dev/.farhand/x', ')', 300)}`)).toContain('forbidden');
  });
});

describe('[PERM-4] on a real disk', () => {
  let root = '';
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'shell-deeds-')));
    for (const folder of ['project/src', 'project/bin', 'home/.farhand/output'])
      mkdirSync(join(root, folder), { recursive: true });
    symlinkSync('/etc', join(root, 'project/out'));
    symlinkSync('gone', join(root, 'project/dangling'));
    symlinkSync(join(root, 'home/.farhand'), join(root, 'project/kept'));
    writeFileSync(join(root, 'project/bin/cat'), '');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const worst = (command: string, path = '/usr/bin:/bin') => {
    const context = {
      cwd: join(root, 'project'),
      denied: [join(root, 'home/.farhand')],
      readable: [join(root, 'home/.farhand/output')],
      env: { HOME: join(root, 'home'), PATH: path },
    };
    const reaches = shellDeeds(command, context).map(({ reach }) => reach);
    return (
      (['forbidden', 'grave', 'execute', 'edit-outside', 'read-outside', 'edit-inside'] as const).find(
        (reach) => reaches.includes(reach),
      ) ?? 'read-inside'
    );
  };

  it.each<[string, Reach]>([
    ['cat src/a', 'read-inside'],
    ['cat out/passwd', 'read-outside'],
    ['cat ./*', 'forbidden'],
    ['echo x > dangling', 'edit-inside'],
    ['cat kept/x', 'forbidden'],
    ['ls ~/.farhand', 'forbidden'],
    ['tail ~/.farhand/output/task', 'read-inside'],
    ['echo x > ~/.farhand/output/task', 'forbidden'],
    ['rm -rf ~/.farhand/output', 'forbidden'],
    ['cat /proc/self/environ', 'read-outside'],
    ['cat /proc/self/cwd/a', 'read-outside'],
    [`cat /proc/${process.pid}/environ`, 'forbidden'],
    ['cd src; ls ..', 'read-inside'],
    ['cd gone; cat ../x', 'read-outside'],
    ['rm -rf out', 'execute'],
    ['rm -rf out/', 'grave'],
  ])('`%s` is %s', (command, reach) => {
    expect(worst(command)).toBe(reach);
  });

  it('takes a program in a folder of the project for what it is', () => {
    expect(worst('cat src/a', `${join(root, 'project/bin')}:/bin`)).toBe('execute');
    expect(worst('cat src/a', 'bin:/bin')).toBe('execute');
    expect(worst('head src/a', 'bin:/bin')).toBe('read-inside');
  });
});
