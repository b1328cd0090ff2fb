import type { Reply, Script, Scripts } from './model-script.ts';

/** One message of a request, the same for every wire format. */
export type Message = { role: 'system' | 'user' | 'assistant' | 'tool'; text: string };

/** Which reply a request gets. `script` is null where no message names one: the default echo. */
export type Choice = { script: string | null; step: number; userText: string; reply: Reply };

const MARK = /#script=([A-Za-z0-9_-]+)/g;
const REMINDER = /<system-reminder>.*?<\/system-reminder>/gs;
const ECHO: Script = [{ text: 'You said: {{user}}' }];

/**
 * Chooses from the request alone, so that a restart of either side changes nothing: the last user message with
 * `#script=<name>` names the script, the assistant messages after it are the step, the last reply repeats.
 * A new user message after a finished script that names none is echoed. An unknown name gives `{unknown}`.
 */
export function chooseReply(scripts: Scripts, messages: readonly Message[]): Choice | { unknown: string } {
  const at = messages.findLastIndex((m) => m.role === 'user' && m.text.search(MARK) >= 0);
  const asked = messages[at];
  const name = asked && [...asked.text.matchAll(MARK)].at(-1)?.[1];
  if (!asked || !name)
    return { script: null, step: 0, userText: newestUserText(messages), reply: replyAt(ECHO, 0) };
  const script = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
  if (!script) return { unknown: name };
  const after = messages.slice(at + 1);
  const last = after.at(-1);
  const done = after.filter((m) => m.role === 'assistant').length;
  if (done >= script.length && last?.role === 'user' && spoken(last)) {
    return { script: null, step: 0, userText: spoken(last), reply: replyAt(ECHO, 0) };
  }
  // An assistant message at the end asks for nothing, so it is answered like a finished script.
  const step = last?.role === 'assistant' ? script.length - 1 : Math.min(done, script.length - 1);
  return { script: name, step, userText: asked.text, reply: replyAt(script, step) };
}

function replyAt(script: Script, step: number): Reply {
  const reply = script[step];
  if (!reply) throw new Error(`a script of ${script.length} replies has no reply ${step}`);
  return reply;
}

/** What a person wrote: stock runtimes put reminders of their own into user messages. */
function spoken(message: Message): string {
  return message.text.replaceAll(REMINDER, '').trim();
}

/** What a person said last, or nothing. */
export function newestUserText(messages: readonly Message[]): string {
  const message = messages.findLast((m) => m.role === 'user' && spoken(m) !== '');
  return message ? spoken(message) : '';
}

/** Follows `times` and `next`: `seen` is how many earlier requests came to the same step. */
export function behaviourAt(reply: Reply, seen: number): Reply {
  let current = reply;
  let left = seen;
  for (;;) {
    const times = current.times ?? (current.next ? 1 : Number.POSITIVE_INFINITY);
    if (left < times) return current;
    left -= times;
    if (!current.next) {
      const { fault: _fault, times: _times, ...sound } = current;
      return sound;
    }
    current = current.next;
  }
}
