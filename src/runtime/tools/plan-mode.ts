import { join } from 'node:path';
import * as z from 'zod';
import { defineTool, prepared, success } from './define.ts';
import { replaceFile } from './replace-file.ts';

/** Only while nothing is planned. */
export const enterPlanMode = defineTool({
  name: 'EnterPlanMode',
  description:
    'Begins to plan: from then on nothing can be changed but the file of the plan, until the person agrees to the plan. For work ' +
    'that is big, or can be understood in more than one way; not for questions or small changes.',
  input: z.object({}),
  example: {},
  replay: 'safe',
  access: 'internal',
  prepare: async (_, { callId, plans, scratch }) =>
    prepared('Beginning to plan', async () => {
      const file = join(plans ?? scratch, `plan-${callId.slice(0, 16)}.md`);
      const text = `Planning has begun. Look around, ask the person what is open, and write the plan to ${file}, the only file that can be changed now. Then show it to the person with ExitPlanMode.`;
      return { ...success(text), planning: { file } };
    }),
});

/** Only while there is a plan to agree to; a person who does not agree denies the call. */
export const exitPlanMode = defineTool({
  name: 'ExitPlanMode',
  description:
    'Shows the person the plan, and asks whether to carry it out. When they agree, planning ends. When they do not, their reason ' +
    'comes back and planning goes on.',
  input: z.object({ plan: z.string().min(1).describe('The whole plan, in Markdown') }),
  example: { plan: '1. Add the column.\n2. Fill it for old rows.\n3. Test with an old database.' },
  replay: 'safe',
  access: 'question',
  prepare: async ({ plan }, { callId, planFile }) =>
    prepared('Ending the planning', async () => {
      // The person may have changed it: what they agreed to is what holds.
      if (planFile != null) await replaceFile(planFile, Buffer.from(`${plan.trimEnd()}\n`), callId);
      const where = planFile == null ? '' : ` What they agreed to is in ${planFile}.`;
      return { ...success(`The person agrees to the plan.${where} Carry it out now.`), planning: 'ended' };
    }),
});
