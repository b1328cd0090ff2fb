/** What the person at the other end does. */
export type ScreenListener = {
  line(text: string): void;
  /** Ctrl-C. */
  interrupt(): void;
  /** No more lines will come: Ctrl-D, or the end of what was piped in. */
  end(): void;
};

/** Where a chat is read and written. */
export interface Screen {
  /** A person sits there and can be asked. */
  readonly interactive: boolean;
  /** Sets the one listener and begins to read. */
  start(listener: ScreenListener): void;
  write(text: string): void;
  /** A line is expected now, after this label; null: not now. */
  expect(label: string | null): void;
  /** What goes on while no line is expected, asked again and again; not kept. */
  progress(text: () => string | null): void;
  /** Lends the terminal to another program. */
  lend<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}
