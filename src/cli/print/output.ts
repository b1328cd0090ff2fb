import { errStyle, type Io, note, sayJson } from '../program/io.ts';
import { printable } from '../show/printable.ts';
import type { ResultMessage, SdkMessage } from './sdk-message.ts';

export type Format = 'text' | 'json' | 'stream-json';

/** Where the messages of a turn go. */
export type Output = {
  tell(message: SdkMessage): void;
  /** The cursor of the terminal stands at the beginning of a line. */
  readonly fresh: boolean;
};

export function outputOf(format: Format, io: Io): Output {
  if (format === 'stream-json') return { tell: (message) => sayJson(io, message), fresh: true };
  if (format === 'text') return io.out.isTTY ? streamedText(io) : wholeText(io);
  const tell = (message: SdkMessage) =>
    message.type === 'result' ? sayJson(io, message) : complain(message, io);
  return { tell, fresh: true };
}

/** A script gets text only when it can no longer be taken back: at the end of the model's answer, not word by word. */
function wholeText(io: Io): Output {
  const waiting = new Map<string, string>();
  const flush = () => {
    for (const text of waiting.values()) io.out.write(text.endsWith('\n') ? text : `${text}\n`);
    waiting.clear();
  };
  return {
    tell(message) {
      if (message.type === 'assistant')
        waiting.set(message.uuid, (waiting.get(message.uuid) ?? '') + message.content);
      else if (message.type === 'retry') for (const uuid of message.voidedUuids ?? []) waiting.delete(uuid);
      else if (message.type === 'tool_call' || message.type === 'result') flush();
      complain(message, io);
    },
    fresh: true,
  };
}

/** A person sees the answer grow. */
function streamedText(io: Io): Output {
  let open: string | null = null;
  let fresh = true;
  const write = (text: string) => {
    if (text === '') return;
    io.out.write(text);
    fresh = text.endsWith('\n');
  };
  const endLine = () => {
    if (!fresh) write('\n');
    open = null;
  };
  return {
    tell(message) {
      if (message.type === 'assistant') {
        if (open !== message.uuid) endLine();
        open = message.uuid;
        return write(printable(message.content));
      }
      if (message.type === 'loop_status' || message.type === 'stream_event') return;
      endLine();
      complain(message, io);
      if (message.type === 'retry' && message.voidedUuids)
        note(io, errStyle(io).yellow('The unfinished text above no longer counts.'));
    },
    get fresh() {
      return fresh;
    },
  };
}

/** What a person who reads only text or the result should know all the same. */
function complain(message: SdkMessage, io: Io): void {
  const style = errStyle(io);
  if (message.type === 'error') note(io, `${style.red('farhand:')} ${printable(message.message)}`);
  if (message.type === 'retry')
    note(
      io,
      style.yellow(
        `The model failed (${message.reason}); attempt ${message.attempt} of ${message.maxAttempts}.`,
      ),
    );
}

/** 130 is for the shell: it was Ctrl-C. */
export const exitCodeOf = ({ success }: ResultMessage, stoppedByKey: boolean): 0 | 1 | 130 =>
  stoppedByKey ? 130 : success ? 0 : 1;
