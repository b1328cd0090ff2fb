import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { codeOf } from './errno.ts';
import { OutputFile, outputPath } from './output-file.ts';

const longestWait = 600_000;

export const taskOutput = defineTool({
  name: 'TaskOutput',
  description:
    'Shows what a background task has printed so far, and whether it still runs. With block it waits for its end first. ' +
    'You are told of the end of a task by a message as well, so there is no need to ask again and again.',
  input: z.strictObject({
    task_id: z
      .string()
      .regex(/^task-[\w%.-]{1,200}$/, 'must be the id of a task, like task-3f2a')
      .describe('As the call that started it said'),
    block: z.boolean().optional().describe('Wait for its end'),
    timeout: z
      .number()
      .min(0)
      .max(longestWait)
      .optional()
      .describe('Milliseconds to wait at most; 30000 if left out'),
  }),
  example: { task_id: 'task-3f2a' },
  aliases: { bash_id: 'task_id', id: 'task_id' },
  replay: 'safe',
  access: 'internal',
  prepare: async ({ task_id, block, timeout = 30_000 }, { tasks, scratch }) =>
    prepared('Reading the output of a task', async (signal) => {
      const task = tasks.all().find(({ id }) => id === task_id);
      if (task && block) {
        const enough = new AbortController();
        const waited = delay(timeout, undefined, { signal: AbortSignal.any([signal, enough.signal]) });
        await Promise.race([task.over, waited.catch(() => undefined)]);
        enough.abort();
        signal.throwIfAborted();
      }
      const runs = tasks.all().some(({ id }) => id === task_id);
      const path = task?.output ?? outputPath(scratch, task_id.replace(/^task-/, ''));
      const output = await OutputFile.open(path).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      });
      if (!output) return failure(`There is no task ${task_id}, or its output is gone. Start it again.`);
      const { text } = await output.read();
      await output.close(true);
      return success(
        `[${runs ? 'It still runs' : 'It has ended'}; all of its output is in ${path}]\n${text}`,
      );
    }),
});
