import { describe, expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import { placesOn } from './place.ts';
import type { Situation } from './situation.ts';

const folders = new Set(['/work/project', '/work/project/.git', '/work/project/src']);
const situation = (): Situation => ({
  cwd: '/work/project',
  home: '/home/dev',
  user: 'dev',
  farhandHome: '/home/dev/.farhand',
  trusted: true,
  isReplaced: () => false,
  ...placesOn(
    { link: () => null, kind: (path) => (folders.has(path) ? 'folder' : 'missing'), links: () => [] },
    { cwd: '/work/project', denied: ['/home/dev/.farhand'], readable: [] },
  ),
});
const reaches = (command: string) => analyse(command, situation()).map(({ reach }) => reach);

/** Where the shell takes text for arithmetic, `b[$(id)]` runs `id`. */
const evaluated = [
  `wait -p 'b[$(id)]'`,
  `sleep 0 & wait -n -p 'b[$(id)]'`,
  `sleep 0 & wait -p'b[$(id)]' $!`,
  'wait $x',
  `RANDOM='b[$(id)]'`,
  `RANDOM+='b[$(id)]'`,
  `SRANDOM='b[$(id)]'`,
  `export RANDOM='b[$(id)]'`,
  `read RANDOM <<< 'b[$(id)]'`,
  `for SECONDS in 'b[$(id)]'; do :; done`,
  `printf -v RANDOM %s 'b[$(id)]'`,
  `x=(['b[$(id)]']=1)`,
  `x=([0]=1 ['b[$(id)]']=2)`,
  `x+=(['b[$(id)]']+=1)`,
  `y='b[$(id)]'; x=([y]=1)`,
  `export x=(['b[$(id)]']=1)`,
  `f() { local x=(['b[$(id)]']=1); }; f`,
  `x=(1); declare x='([b[$(id)]]=1)'`,
  `x=(1); read -r y <<< '([b[$(id)]]=1)'; declare "x=$y"`,
  `REPLY=1; read -r <<< 'b[$(id)]'; echo $((REPLY))`,
  `_=1; : 'b[$(id)]'; echo $((_))`,
  `x=1; for i in 1; do for j in 1; do x='b[$(id)]'; break 2; done; x=1; done; echo $((x))`,
  `f() { for i in 1; do x='b[$(id)]'; return; done; x=1; }; f; echo $((x))`,
  `f() { while :; do x='b[$(id)]'; return; done; x=1; }; f; echo $((x))`,
];

/** The same where nothing is evaluated. */
const plain = [
  'wait',
  'sleep 1 & wait $!',
  'sleep 1 & pid=$!; wait "$pid"',
  'wait -n; wait %1',
  'x=(a b); x+=(c); x=([0]=a [1]=b)',
  'x=$(cat src/a); export y=$x; export z="a b"',
  'read -r line < src/a; echo "$line"',
  'for i in 1 2; do break; done; for i in 1 2; do continue 1; done',
  'f() { return 1; x=1; }; f',
];

describe('[PERM-4] the variables of a command', () => {
  it.each(evaluated)('may hold what is run where the shell evaluates them: %s', (command) => {
    expect(reaches(command)).toContain('execute');
  });

  it.each(plain)('are only read elsewhere: %s', (command) => {
    expect(new Set(reaches(command).filter((reach) => reach !== 'internal'))).toEqual(
      new Set(['read-inside']),
    );
  });

  it.each(['declare -x', 'typeset -x', 'declare -gx', 'export -n', 'readonly -r', 'export'])(
    'of the environment are shown by %s',
    (command) => {
      expect(reaches(command)).toContain('read-outside');
    },
  );
});

describe('[PERM-4] git behind a change', () => {
  it.each([
    'mkdir x; mv src/config src/HEAD x; git -C x status',
    'cp -r src/. build; cd build; git status',
    'cp -r src/. build && (cd build && git log)',
  ])('may be in a repository that was just made: %s', (command) => {
    expect(reaches(command)).toContain('execute');
  });

  it.each(['touch a && git status', 'echo x > src/a; git -C . diff', 'git -C src status'])(
    'is in the one of the working directory where it stays there: %s',
    (command) => {
      expect(reaches(command)).not.toContain('execute');
    },
  );
});

describe('[PERM-4] programs that run others to read', () => {
  it.each(['rg -z x', 'diff -l a b', 'file -z a', 'file -Z a'])(
    'are not known to only read: %s',
    (command) => {
      expect(reaches(command)).toContain('execute');
    },
  );
});

describe('[PERM-4] scripts of sh', () => {
  it.each([
    `sh -c '[[ a || id ]]'`,
    `sh -c '[[ x > .git/config ]]'`,
    `dash -c '((1 || id))'`,
    String.raw`dash -c "echo \$'a\\'; id; echo '"`,
    `sh -c 'export x=$(cat src/a); ls'`,
    `sh -c 'eval "[""[ a || id ]""]"'`,
    `bash -c 'sh -c "[[ a || id ]]"'`,
    `busybox sh -c '[[ a || id ]]'`,
    `sh <<< '[[ a || id ]]'`,
    `bash -o posix -c ls`,
  ])('may say something else than to bash: %s', (command) => {
    expect(reaches(command)).toContain('execute');
  });

  it.each([
    `sh -c 'ls src && [ -f a ] || echo "$(cat src/a)"'`,
    `sh -ec 'for f in src/a; do x=$((1 + 2)); echo "$x" 2>&1; done'`,
    `bash -c '[[ a || b ]] && echo {a,b}'`,
    `bash -eo pipefail -c 'ls | wc -l'`,
  ])('say the same where they are plain: %s', (command) => {
    expect(reaches(command)).not.toContain('execute');
  });

  it('are all that there is where there is no bash', () => {
    const deeds = analyse('[[ a || id ]]', { ...situation(), posix: true });
    expect(deeds.map(({ reach }) => reach)).toContain('execute');
  });
});
