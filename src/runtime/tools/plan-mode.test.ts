import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyPatch } from './apply-patch.ts';
import { edit } from './edit.ts';
import { enterPlanMode, exitPlanMode } from './plan-mode.ts';
import { read } from './read.ts';
import { call, makeContext, reaches } from './test-context.ts';
import { todoWrite, updatePlan, writeTodos } from './todo.ts';
import { write } from './write.ts';

async function planning() {
  const context = await makeContext('0123456789abcdef0123');
  const plans = join(context.root, 'home/plans');
  await mkdir(plans);
  const before = { ...context, plans, readable: [context.scratch, plans] };
  const { planning: begun, text } = await call(enterPlanMode, {}, before);
  const planFile = typeof begun === 'object' ? begun.file : '';
  return { before, context: { ...before, planFile }, planFile, text };
}

describe('planning', () => {
  it('begins with a file for the plan, and says where', async () => {
    const { planFile, text, context } = await planning();
    expect(planFile).toBe(join(context.plans, 'plan-0123456789abcdef.md'));
    expect(text).toContain(planFile);
  });

  it('lets that file be written, as part of the conversation, and nothing else there', async () => {
    const { context, before, planFile } = await planning();
    const content = '# Plan\n';
    expect(await reaches(write, { file_path: planFile, content }, context)).toEqual(['internal']);
    expect(await call(write, { file_path: planFile, content }, context)).toMatchObject({ status: 'success' });
    expect(await reaches(read, { file_path: planFile }, context)).toEqual(['internal']);
    const swap = { old_string: 'Plan', new_string: 'The plan' };
    expect(await reaches(edit, { file_path: planFile, ...swap }, context)).toEqual(['internal']);
    expect(await call(edit, { file_path: planFile, ...swap }, context)).toMatchObject({ status: 'success' });
    const both = `*** Begin Patch\n*** Delete File: ${planFile}\n*** Add File: x\n+x\n*** End Patch`;
    expect(await reaches(applyPatch, { input: both }, context)).toEqual(['internal', 'edit-inside']);
    for (const file_path of [`${planFile}.md`, join(planFile, '../other.md'), '../home/settings.json'])
      expect(await reaches(write, { file_path, content }, context), file_path).toEqual(['forbidden']);
    expect(await reaches(write, { file_path: planFile, content }, before)).toEqual(['forbidden']);
    expect(await reaches(read, { file_path: planFile }, before)).toEqual(['read-inside']);
  });

  it('ends with what the person agreed to in the file', async () => {
    const { context, planFile } = await planning();
    expect(await reaches(exitPlanMode, { plan: 'x' }, context)).toEqual(['question']);
    expect(await call(exitPlanMode, { plan: '1. As the person changed it' }, context)).toEqual({
      status: 'success',
      text: `The person agrees to the plan. What they agreed to is in ${planFile}. Carry it out now.`,
      planning: 'ended',
    });
    expect(await readFile(planFile, 'utf8')).toBe('1. As the person changed it\n');
    expect(exitPlanMode.check({})).toContain('`plan` is required');
  });
});

describe('lists of what is to be done', () => {
  it.each([
    [
      todoWrite,
      {
        todos: [
          { content: 'a', status: 'completed', activeForm: 'A' },
          { content: 'b', status: 'pending' },
        ],
      },
    ],
    [
      updatePlan,
      {
        explanation: 'why',
        plan: [
          { step: 'a', status: 'completed' },
          { step: 'b', status: 'pending' },
        ],
      },
    ],
    [
      writeTodos,
      {
        todos: [
          { description: 'a', status: 'completed' },
          { description: 'b', status: 'pending' },
        ],
      },
    ],
  ])('are shown with their marks', async (tool, input) => {
    const context = await makeContext();
    expect(await call(tool, input, context)).toEqual({
      status: 'success',
      text: '1 of 2 done:\n[x] a\n[ ] b',
    });
    expect(await reaches(tool, input, context)).toEqual(['internal']);
  });

  it('can be empty, and hold nothing half', async () => {
    expect(await call(todoWrite, { todos: [] }, await makeContext())).toMatchObject({
      text: 'The list is empty now.',
    });
    expect(todoWrite.check({ todos: [{ content: '', status: 'pending' }] })).toContain('`todos.0.content`');
    expect(todoWrite.check({ todos: [{ content: 'a', status: 'soon' }] })).toContain('`todos.0.status`');
  });
});
