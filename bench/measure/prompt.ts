import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deeperInstructions } from '../../src/runtime/prompt/deeper-instructions.ts';
import { projectInstructions } from '../../src/runtime/prompt/project-instructions.ts';
import { promptSections, promptText } from '../../src/runtime/prompt/sections.ts';
import { tools } from '../../src/runtime/tools/index.ts';
import { interleave, type Measurement, ms, p50, timed } from '../harness.ts';
import { withFolder } from '../scratch.ts';

const rounds = { rounds: 200, warmUp: 20 };

/** What a request waits for its system prompt. */
export const prompt: Measurement = {
  name: 'prompt',
  about:
    'The system prompt of a working directory three folders below its repository, with an instruction file of 8 KB in each, four memory blocks and 200 folders further down, against reading the four files.',
  run: () =>
    withFolder('disk', async (folder) => {
      const cwd = join(folder, 'repo/a/b/c');
      mkdirSync(cwd, { recursive: true });
      mkdirSync(join(folder, 'repo/.git'));
      const files = ['repo', 'repo/a', 'repo/a/b', 'repo/a/b/c'].map((path) =>
        join(folder, path, 'AGENTS.md'),
      );
      for (const file of files) writeFileSync(file, 'Write short functions.\n'.repeat(360));
      for (let n = 0; n < 200; n += 1) mkdirSync(join(cwd, `part-${n}`));
      const deeper = deeperInstructions(() => performance.now());
      const memory = ['persona', 'human', 'project', 'style'].map((label) => ({
        label,
        value: 'x'.repeat(2_000),
      }));
      const assemble = async () =>
        promptText(
          promptSections({
            agentName: 'Farhand',
            model: 'anthropic/claude',
            system: { preset: 'default', append: '' },
            tools,
            memory,
            instructions: projectInstructions(cwd, join(folder, 'home')),
            deeper: await deeper(cwd),
            planning: null,
            cwd,
            date: '2026-11-20',
            os: 'linux x64',
          }),
        );
      const taken = await interleave(
        {
          farhand: () => timed(assemble),
          bare: () => timed(() => files.map((file) => readFileSync(file, 'utf8'))),
        },
        rounds,
      );
      return [
        {
          what: 'A system prompt put together',
          farhand: ms(p50(taken.farhand)),
          bare: `${ms(p50(taken.bare))} to read its files`,
          figure: { value: p50(taken.farhand), unit: ' ms' },
          goal: 2,
          stock: '',
          repetitions: rounds.rounds,
        },
      ];
    }),
};
