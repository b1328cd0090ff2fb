import { expect } from 'vitest';
import type { TranscriptItem } from '../../src/core/transcript.ts';

/** What became of a conversation, a line for each item: `call Read {…}`, `success 1 replacement`, `assistant Done.` */
export const storyOf = (items: readonly TranscriptItem[]): readonly string[] => items.map(lineOf);

function lineOf(item: TranscriptItem): string {
  switch (item.kind) {
    case 'user':
      return `user ${typeof item.content === 'string' ? item.content : JSON.stringify(item.content)}`;
    case 'call':
      return `call ${item.name} ${item.args}`;
    case 'result':
      return `${item.status} ${item.text}`;
    default:
      return `${item.kind} ${item.text}`;
  }
}

/** The lines that a story must have, each told by its beginning, or by what must be in it. */
export const told = (...lines: readonly (string | RegExp)[]): readonly unknown[] =>
  lines.map((line) => expect.stringMatching(typeof line === 'string' ? beginning(line) : line));

const beginning = (text: string): RegExp => new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`);
