import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'unbash';
import { createRules } from '../../src/runtime/rules/rules.ts';
import { settingsFile } from '../../src/runtime/settings/settings-file.ts';
import { bash } from '../../src/runtime/tools/bash.ts';
import { corpus } from '../../test/rules/corpus.ts';
import { interleave, type Measurement, p50, type Row, timed } from '../harness.ts';
import { withFolder } from '../scratch.ts';
import { toolContexts } from '../tool-stand.ts';

const rounds = { rounds: 20, warmUp: 3 };
const perMillisecond = 1_000;

/** What it costs to know whether a call may run. */
export const rules: Measurement = {
  name: 'rules',
  about: `Every one of the ${corpus.length} shell commands of the corpus is seen through, its paths followed on the disk and judged by the table and forty rules of a person, against parsing it and nothing else.`,
  run: () => withFolder('disk', measured),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const context = toolContexts(folder)();
  const home = join(folder, 'home');
  for (const name of ['src', 'docs', 'test', 'build', '.git']) mkdirSync(join(context.cwd, name));
  const texts = Array.from({ length: 20 }, (_, n) => `Bash(npm run task-${n}:*)`);
  const denied = Array.from({ length: 20 }, (_, n) => `Read(secret-${n}/**)`);
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ v: 1, rules: { allow: texts, deny: denied } }));
  const judge = createRules({ settings: settingsFile(home), home: folder, farhand: home });
  const commands = corpus.map(({ command }) => command);
  const perCall = (total: number) => (total * perMillisecond) / commands.length;
  const taken = await interleave(
    {
      farhand: () =>
        timed(async () => {
          for (const command of commands)
            judge.judge('Bash', await bash.deeds({ command }, context), context.cwd);
        }),
      bare: () => timed(() => commands.forEach(parsed)),
    },
    rounds,
  );
  const [farhand, bare] = [perCall(p50(taken.farhand)), perCall(p50(taken.bare))];
  return [
    {
      what: 'What the rules say of a shell command',
      farhand: `${farhand.toFixed(0)} µs`,
      bare: `${bare.toFixed(0)} µs to parse it`,
      figure: { value: farhand / perMillisecond, unit: ' ms' },
      goal: 1,
      stock: '',
      repetitions: rounds.rounds * commands.length,
    },
  ];
}

/** Some commands of the corpus are made to break parsers. */
function parsed(command: string): void {
  try {
    parse(command);
  } catch {
    // That it breaks is the same for both arms.
  }
}
