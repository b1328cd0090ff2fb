import * as z from 'zod';
import { defineTool, prepared, success } from './define.ts';

const marks = { pending: '[ ]', in_progress: '[>]', completed: '[x]', cancelled: '[-]' } as const;
type Entry = { readonly text: string; readonly status: keyof typeof marks };

const most = 200;
const explained =
  'Keep it for work of several steps: one entry in progress at a time, completed as soon as it is done. Each call replaces the whole list.';

export const todoWrite = defineTool({
  name: 'TodoWrite',
  description: `Writes down the steps of the work at hand, for yourself and for the person. ${explained}`,
  input: z.strictObject({
    todos: z
      .array(
        z.strictObject({
          content: z.string().min(1).describe('What is to be done: Run the tests'),
          status: z.enum(['pending', 'in_progress', 'completed']),
          activeForm: z.string().optional().describe('The same while it is being done: Running the tests'),
        }),
      )
      .max(most)
      .describe('The whole list'),
  }),
  example: { todos: [{ content: 'Run the tests', status: 'in_progress', activeForm: 'Running the tests' }] },
  replay: 'safe',
  access: 'internal',
  prepare: async ({ todos }) => listed(todos.map(({ content, status }) => ({ text: content, status }))),
});

export const updatePlan = defineTool({
  name: 'UpdatePlan',
  description: `Writes down the plan of the work at hand, for yourself and for the person. ${explained}`,
  input: z.object({
    explanation: z.string().optional().describe('Why it changed'),
    plan: z
      .array(
        z.strictObject({ step: z.string().min(1), status: z.enum(['pending', 'in_progress', 'completed']) }),
      )
      .max(most)
      .describe('The whole list of steps'),
  }),
  example: { plan: [{ step: 'Run the tests', status: 'in_progress' }] },
  replay: 'safe',
  access: 'internal',
  prepare: async ({ plan }) => listed(plan.map(({ step, status }) => ({ text: step, status }))),
});

export const writeTodos = defineTool({
  name: 'WriteTodos',
  description: `Writes down the steps of the work at hand, for yourself and for the person. ${explained}`,
  input: z.object({
    todos: z
      .array(
        z.strictObject({
          description: z.string().min(1).describe('What is to be done'),
          status: z.enum(['pending', 'in_progress', 'completed', 'cancelled']),
        }),
      )
      .max(most)
      .describe('The whole list'),
  }),
  example: { todos: [{ description: 'Run the tests', status: 'in_progress' }] },
  replay: 'safe',
  access: 'internal',
  prepare: async ({ todos }) =>
    listed(todos.map(({ description, status }) => ({ text: description, status }))),
});

/** The list lives in the conversation: the call itself is its record. */
const listed = (entries: readonly Entry[]) =>
  prepared('Writing the list', async () => {
    if (entries.length === 0) return success('The list is empty now.');
    const done = entries.filter(({ status }) => status === 'completed').length;
    const lines = entries.map(({ text, status }) => `${marks[status]} ${text}`);
    return success([`${done} of ${entries.length} done:`, ...lines].join('\n'));
  });
