import { describe, expect, it } from 'vitest';
import { program } from '../commands/index.ts';
import { type Example, isGroup } from './command.ts';
import { isProblem } from './outcome.ts';
import { readArgs } from './read-args.ts';
import { routeOf } from './route.ts';

async function everyExample(): Promise<readonly Example[]> {
  const loaded = await Promise.all(Object.values(program.entries).map((entry) => entry.load()));
  const below = loaded.flatMap((one) =>
    isGroup(one)
      ? [...one.examples, ...Object.values(one.commands).flatMap(({ examples }) => examples)]
      : one.examples,
  );
  return [...program.examples, ...below];
}

/** The words that a shell would hand over: quotes taken off, what is piped in or set before left out. */
function argvOf(line: string): string[] {
  const command = line
    .replace(/^.*?\bfarhand\b/, '')
    .replace(/ [<>]+ .*$| \| .*$/, '')
    .replace(/[")]*'$/, '');
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe('the examples of the help pages', () => {
  it('are all lines that farhand takes', async () => {
    for (const [line] of await everyExample()) {
      const argv = argvOf(line);
      const route = routeOf(argv, program.entries, program.leading);
      if (isProblem(route) || route.to !== 'command') throw new Error(`${line}: no command (${argv})`);
      let found = await program.entries[route.name]?.load();
      let args = route.args;
      if (found && isGroup(found)) {
        const [word = ''] = args;
        const named = found.commands[word];
        args = named ? args.slice(1) : args;
        found = named ?? found.commands[found.standard ?? ''];
      }
      if (!found || isGroup(found)) throw new Error(`${line}: no command`);
      expect(readArgs(found.args, args), line).not.toHaveProperty('code');
    }
  });
});
