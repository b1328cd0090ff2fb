import { command, commonArgs, jsonArg } from '../program/command.ts';
import { outStyle, say, sayJson } from '../program/io.ts';

export const doctor = command({
  about: 'Check what farhand needs on this machine',
  details: 'Changes nothing. The model that FARHAND_MODEL names is asked for one word.',
  args: { ...jsonArg, ...commonArgs },
  examples: [
    ['farhand doctor', 'when something does not work'],
    ['FARHAND_MODEL=ollama/llama3.1 farhand doctor', 'whether that model would answer'],
  ],
  async run({ json }, io) {
    const { checkAll } = await import('../doctor/checks.ts');
    const checks = await checkAll(io);
    const failed = checks.some(({ state }) => state === 'fail');
    if (json) sayJson(io, { ok: !failed, checks });
    else {
      const style = outStyle(io);
      const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('FAIL') };
      for (const { name, state, detail } of checks) say(io, `${marks[state]}  ${name.padEnd(9)} ${detail}`);
    }
    return failed ? 1 : 0;
  },
});
