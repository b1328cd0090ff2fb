import type { Draft } from '../draft.ts';
import type { QueuedInput, Task } from '../facts.ts';
import type { TaskReport } from '../messages.ts';

/** What a background task has to say becomes a message of its own (TOOL-7): it begins a turn, or joins the one that runs. */
export function hearTask(draft: Draft, id: string, report: TaskReport): void {
  const task = draft.state.tasks.find((one) => one.id === id);
  if (!task) return;
  if (report.kind === 'output') return notify(draft, task, 'output', report.text);
  draft.fact({ kind: 'task_ended', v: 1, task: id, lost: report.kind === 'lost' });
  draft.device();
  if (report.kind === 'ended') return notify(draft, task, report.status, report.text);
  const text =
    'It was stopped when the runtime was restarted: it may have run in part. Look before you start it again.';
  notify(draft, task, 'lost', text);
}

function notify(draft: Draft, task: Task, status: string, text: string): void {
  const { turn, nextItem } = draft.state;
  const mine = draft.mint('task');
  const lines = [
    '<task-notification>',
    `<task-id>${task.id}</task-id>`,
    `<title>${task.title}</title>`,
    `<status>${status}</status>`,
    `<output-file>${task.output}</output-file>`,
    text,
    '</task-notification>',
  ];
  const first = turn?.inputs[0];
  const item: QueuedInput = {
    id: `q-${nextItem}`,
    input_id: `input-${mine}`,
    client_message_id: `cm-${mine}`,
    // Of the turn that runs, so that it joins it (QUE-2).
    by: first?.by ?? 'task',
    template: first?.template ?? '{}',
    messages: [{ role: 'user', content: lines.join('\n') }],
    kind: 'task_notification',
    at: draft.env.at,
  };
  draft.fact({ kind: 'input_accepted', v: 1, item });
  draft.receipt(item, 'queued', { hash: '' });
  draft.queue();
}
