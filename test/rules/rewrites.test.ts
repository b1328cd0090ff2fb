import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { parse } from 'unbash';
import { describe, expect, it } from 'vitest';
import { type Ruling, stricter, verdicts } from '../../src/core/permission.ts';
import { analyse } from '../../src/runtime/rules/shell/analyse.ts';
import { columns, corpus } from './corpus.ts';
import { corpusSituation } from './corpus-situation.ts';
import { type Rewrite, rewrites } from './rewriting.ts';

const severity = { allow: 0, ask: 1, deny: 2 };

const verdictsOf = (command: string): readonly number[] => {
  const deeds = analyse(command, corpusSituation());
  return columns.map((column) => {
    const all = deeds.map((deed): Ruling => ({ verdict: verdicts[deed.reach][column], reason: '' }));
    return severity[all.reduce(stricter).verdict];
  });
};

const isFreer = (rewritten: string, original: string): boolean => {
  const before = verdictsOf(original);
  return verdictsOf(rewritten).some((verdict, n) => verdict < (before[n] ?? 0));
};

/** What the shell itself would not read to its end means nothing in another place. */
const isWhole = (command: string): boolean => {
  const { errors, commands } = parse(command);
  const isOpen = /<<-?\s*['"]?(\w+)/.exec(command)?.[1];
  return !errors && commands.length > 0 && (!isOpen || command.split('\n').includes(isOpen));
};

const asked = corpus
  .map(({ command }) => command)
  .filter(
    (command) =>
      command.length < 2_000 && isWhole(command) && verdictsOf(command).some((verdict) => verdict > 0),
  );

/** Several rewrites, one after the other. */
const apply = (command: string, chain: readonly Rewrite[]): string =>
  chain.reduce((text, rewrite) => rewrite.apply(text) ?? text, command);

describe('[PERM-4] a rewrite that does the same', () => {
  it.each(rewrites.map((rewrite) => [rewrite.name, rewrite] as const))(
    'is judged no freer with %s',
    (_, rewrite) => {
      const freer = asked.flatMap((command) => {
        const rewritten = rewrite.apply(command);
        return rewritten !== null && isFreer(rewritten, command) ? [{ command, rewritten }] : [];
      });
      expect(freer).toEqual([]);
    },
  );

  it('is judged no freer with several of them', () => {
    const chains = fc.array(fc.constantFrom(...rewrites), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.constantFrom(...asked),
        chains,
        (command, chain) => !isFreer(apply(command, chain), command),
      ),
      { numRuns: 3_000 },
    );
  });
});

const bash = spawnSync('bash', ['-c', 'exit 0']).status === 0;

/** Commands that only print. */
const harmless = [
  'printf <%s> a b',
  'printf <%s>\\n one "two three" four',
  "printf '<%s>' 'it is' ./x -n --long=1 a=b",
  'echo one two',
  "printf '[%s]' ü 'a  b'",
].map((command) => command.replace(/^printf <%s>(\\n)?/, "printf '<%s>'"));

describe.runIf(bash)('what the tests take for the same', () => {
  const run = (command: string) =>
    execFileSync('bash', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  it.each(rewrites.filter(({ silent }) => !silent).map((rewrite) => [rewrite.name, rewrite] as const))(
    'is the same to bash with %s',
    (_, rewrite) => {
      for (const command of harmless) {
        const rewritten = rewrite.apply(command);
        // A substitution leaves line ends away, or `echo` puts one.
        if (rewritten !== null)
          expect(
            run(`${rewritten} || true`.replace(/(# it is fine|\n {2}|REWRITTEN) \|\| true$/, '$1')).trimEnd(),
          ).toBe(run(command).trimEnd());
      }
    },
  );
});
