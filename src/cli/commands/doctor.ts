import { discoverArg, withDiscovery } from '../models/discovery.ts';
import { command, commonArgs, jsonArg } from '../program/command.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { misuse, type Outcome } from '../program/outcome.ts';

export const doctor = command({
  about: 'Check what farhand needs on this machine',
  details:
    'Changes nothing. With --model it goes the whole way to a model, step by step: which one is used and why, its address, its key,\n' +
    'a word, a tool call, and whether it says what that took. Without it the model is only asked for one word.',
  args: {
    handle: {
      type: 'positional',
      required: false,
      description: 'With --model: which (default: the one in use)',
    },
    model: { type: 'boolean', alias: 'm', description: 'Look at the model, and nothing else' },
    ...discoverArg,
    ...jsonArg,
    ...commonArgs,
  },
  examples: [
    ['farhand doctor', 'when something does not work'],
    ['farhand doctor --model', 'when the model does not answer'],
    ['farhand doctor --model ollama/llama3.1', 'whether that model would do'],
  ],
  async run({ handle, model, json = false, ...rest }, given): Promise<Outcome> {
    const io = withDiscovery(rest, given);
    if (model) return examineModel(handle ?? null, json, io);
    if (handle !== undefined) return misuse(`To look at a model: farhand doctor --model ${handle}.`);
    const { checkAll } = await import('../doctor/checks.ts');
    const checks = await checkAll(io);
    const failed = checks.some(({ state }) => state === 'fail');
    const mark = marks(io);
    if (json) sayJson(io, { ok: !failed, checks });
    else for (const { name, state, detail } of checks) say(io, `${mark[state]}  ${name.padEnd(9)} ${detail}`);
    return failed ? 1 : 0;
  },
});

async function examineModel(handle: string | null, json: boolean, io: Io): Promise<Outcome> {
  const { modelSteps, seconds } = await import('../doctor/model-steps.ts');
  const { modelsOf } = await import('../models/models-of.ts');
  const steps = [];
  const mark = marks(io);
  const { dim } = outStyle(io);
  for await (const step of modelSteps(modelsOf(io), handle)) {
    steps.push(step);
    const { name, state, detail, ms } = step;
    const took = ms === null ? '' : dim(` (${seconds(ms)})`);
    if (!json) say(io, `${mark[state]}  ${name.padEnd(8)} ${detail}${took}`);
  }
  const failed = steps.some(({ state }) => state === 'fail');
  if (json) sayJson(io, { ok: !failed, steps });
  return failed ? 1 : 0;
}

function marks(io: Io) {
  const { green, yellow, red } = outStyle(io);
  return { ok: green('ok  '), warn: yellow('warn'), fail: red('FAIL') };
}
