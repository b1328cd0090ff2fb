import type { View } from './view.ts';

/** What a frame adds to the screen. `inline`: it goes on where the last text ended. */
export type Block = {
  readonly text: string;
  readonly inline: boolean;
  readonly change: Partial<Pick<View, 'open' | 'lastCall'>>;
};

export const nothing: Block = { text: '', inline: false, change: {} };

/** Lines of their own. */
export const block = (lines: readonly string[], change: Block['change'] = {}): Block => ({
  text: lines.length === 0 ? '' : `${lines.join('\n')}\n`,
  inline: false,
  change,
});

export const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
