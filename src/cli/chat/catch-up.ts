import type { Item } from '../../client/transcript.ts';
import type { Style } from '../program/style.ts';
import { callsOf } from '../show/delta.ts';
import type { Fields } from '../show/fields.ts';
import { printable } from '../show/printable.ts';
import { headerOf, resultLines, userLines } from '../show/view-delta.ts';

type Text = Extract<Item, { kind: 'assistant' | 'reasoning' }>;

/** What a terminal that joins has still to show after the finished messages. */
export type Rest = {
  readonly lines: readonly string[];
  /** A text that may go on: it comes last and ends without a line break. */
  readonly open: Text | null;
};

/** `items`: what the latest events made of the turn under way; `listed`: the finished messages that are shown already. */
export function restOf(items: readonly Item[], listed: readonly Fields[], style: Style): Rest {
  const ids = new Set(listed.flatMap(({ id, otid }) => [id, otid]));
  const calls = new Set(listed.flatMap((message) => callsOf(message).map(({ tool_call_id: id }) => id)));
  const results = new Set(listed.map(({ tool_call_id: id }) => id));
  const left = items.filter((item) => !ids.has(item.id) && !(item.kind === 'user' && ids.has(item.otid)));
  const last = left.at(-1);
  const open = last?.kind === 'assistant' || last?.kind === 'reasoning' ? last : null;
  const lines = (open ? left.slice(0, -1) : left).flatMap((item) => {
    switch (item.kind) {
      case 'user':
        return userLines(item.content, style);
      case 'assistant':
        return printable(item.text).split('\n');
      case 'reasoning':
        return printable(item.text).split('\n').map(style.dim);
      case 'call': {
        const header = calls.has(item.id) ? [] : [headerOf(item, style)];
        const settled = item.status === 'success' || item.status === 'error';
        const shows = settled && item.output !== null && !results.has(item.id);
        return shows
          ? [...header, ...resultLines(item.output ?? '', item.status === 'error', style)]
          : header;
      }
      default:
        return [];
    }
  });
  return { lines, open };
}
