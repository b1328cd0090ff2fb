import type { Draft } from '../draft.ts';
import type { ToolReport } from '../messages.ts';
import { plan } from '../plan.ts';
import type { Call } from '../state.ts';
import { advance, settle, toolReturn } from './calls.ts';

/** A report of what the plan does not have comes too late, or twice, and means nothing. */
export function hearTool(draft: Draft, id: string, report: ToolReport): void {
  const doing = report.kind === 'prepared' || report.kind === 'refused' ? 'prepare' : 'tool';
  const effect = plan(draft.state).effects.get(`${doing}:${id}`);
  if (effect?.do !== 'prepare' && effect?.do !== 'tool') return;
  const { call } = effect;
  switch (report.kind) {
    case 'prepared': {
      const { process, mark } = report;
      draft.fact({ kind: 'tool_started', v: 1, call: id, process, mark, at: draft.env.at });
      return tellStart(draft, call);
    }
    case 'refused':
      settle(draft, call, 'error', report.text);
      return advance(draft);
    case 'progress':
      return draft.delta(
        toolReturn(call, `synthetic-tool-return-stream-${id}`, 'success', report.text, draft.date()),
      );
    case 'finished':
      for (const { path, content } of report.wrote) {
        draft.event('file_ops', {
          path,
          cg_entries: [],
          ops: [],
          source: 'agent',
          document_content: content,
        });
      }
      planning(draft, report);
      settle(draft, call, report.status, report.text, {
        indeterminate: report.indeterminate ?? false,
        ...(report.images && { images: report.images }),
      });
      if (report.task) {
        draft.fact({ kind: 'task_started', v: 1, task: { ...report.task, call: id, at: draft.env.at } });
        draft.device();
      }
      return advance(draft);
    case 'lost':
      return recover(draft, call, report.look);
  }
}

/** A call has begun to plan, or a person has agreed to the plan (PERM-5). */
function planning(draft: Draft, { planning: change }: Extract<ToolReport, { kind: 'finished' }>): void {
  if (change === undefined) return;
  if (change === 'ended') draft.fact({ kind: 'planning_ended', v: 1 });
  else draft.fact({ kind: 'planning_began', v: 1, file: change.file });
  draft.device();
}

function tellStart(draft: Draft, call: Call): void {
  const args = call.edited ? JSON.stringify(call.edited) : call.args;
  const start = { id: call.message, date: draft.date(), message_type: 'client_tool_start', run_id: call.run };
  draft.delta({ ...start, tool_call_id: call.id, tool_name: call.name, tool_args: args });
}

/** A call whose process or runtime died: run again, settled by looking, or told as perhaps having run (TOOL-1, TOOL-4). */
function recover(draft: Draft, call: Call, look: 'done' | 'absent' | 'unknown'): void {
  if (call.replay === 'safe' || (call.replay === 'verify' && look === 'absent')) {
    return draft.fact({ kind: 'tool_lost', v: 1, call: call.id });
  }
  if (call.replay === 'verify' && look === 'done') {
    settle(
      draft,
      call,
      'success',
      `${call.name} was done just before the runtime was restarted: its changes are on the disk.`,
    );
  } else {
    const text = `The runtime was restarted while ${call.name} ran: it may have run, in whole, in part, or not at all. Look before doing it again.`;
    settle(draft, call, 'error', text, { indeterminate: true });
  }
  advance(draft);
}
