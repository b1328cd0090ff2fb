import type { Closed, Pipe } from './pipe.ts';

export type Recorder = {
  /** Everything heard so far: frames as they are, `drained`, and the end as `closed <code>`. */
  readonly heard: readonly string[];
  readonly messages: readonly string[];
  /** The oldest message not yet taken. */
  next(): Promise<string>;
  readonly drained: Promise<void>;
  readonly closed: Promise<Closed>;
};

/** Listens to a pipe for a test. */
export function record(pipe: Pipe): Recorder {
  const heard: string[] = [];
  const messages: string[] = [];
  const asked: ((text: string) => void)[] = [];
  let onDrained = () => {};
  let onClosed = (_why: Closed) => {};
  const drained = new Promise<void>((resolve) => {
    onDrained = resolve;
  });
  const closed = new Promise<Closed>((resolve) => {
    onClosed = resolve;
  });
  let taken = 0;

  const serve = (): void => {
    for (let text = messages[taken]; text !== undefined && asked.length > 0; text = messages[++taken]) {
      asked.shift()?.(text);
    }
  };
  pipe.listen({
    message(text) {
      heard.push(text);
      messages.push(text);
      serve();
    },
    drained() {
      heard.push('drained');
      onDrained();
    },
    closed(why) {
      heard.push(`closed ${why.code}`);
      onClosed(why);
    },
  });
  return {
    heard,
    messages,
    next: () =>
      new Promise((resolve) => {
        asked.push(resolve);
        serve();
      }),
    drained,
    closed,
  };
}
