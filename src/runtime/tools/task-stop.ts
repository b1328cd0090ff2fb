import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';

export const taskStop = defineTool({
  name: 'TaskStop',
  description: 'Stops a background task and everything that it started.',
  input: z.strictObject({ task_id: z.string().min(1).describe('As the call that started it said') }),
  example: { task_id: 'task-3f2a' },
  aliases: { shell_id: 'task_id', id: 'task_id' },
  replay: 'safe',
  access: 'internal',
  prepare: async ({ task_id }, { tasks }) =>
    prepared('Stopping a task', async () => {
      const task = tasks.all().find(({ id }) => id === task_id);
      const others = tasks.all().map(({ id, title }) => `${id} (${title})`);
      if (!task)
        return failure(
          `No task ${task_id} runs. ${others.length > 0 ? `These do: ${others.join(', ')}.` : 'None does.'}`,
        );
      await task.stop();
      return success(`${task_id} was stopped. What it printed is in ${task.output}.`);
    }),
});
