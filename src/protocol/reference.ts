import type { CommandSpec } from './builders.ts';
import { deltas } from './contract/delta.ts';
import { contract } from './contract/index.ts';
import { namedShapes } from './contract/named.ts';
import { errorTable } from './errors.ts';
import { fieldsText } from './fields-text.ts';
import { deltaName, type JsonSchema, jsonSchema } from './json-schema.ts';
import { limitMeaning, limits } from './limits.ts';
import { privileges } from './privileges.ts';

const begin = '<!-- contract -->';
const end = '<!-- /contract -->';

/** `document` with the text between its contract markers made anew; null where it lacks them. */
export function withReference(document: string): string | null {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) return null;
  return `${document.slice(0, from + begin.length)}\n\n${referenceTables()}\n${document.slice(to)}`;
}

/** The whole contract as Markdown tables: commands, events, pushes, shapes, privileges, errors, limits. */
export function referenceTables(): string {
  const defs = jsonSchema().$defs as Readonly<Record<string, JsonSchema>>;
  const fields = (name: string, ...known: string[]) => code(fieldsText(defs[name] ?? {}, ['type', ...known]));
  const commands: [string, CommandSpec][] = Object.entries(contract.commands);
  const shapes = [...Object.keys(namedShapes), ...Object.keys(deltas).map(deltaName)];
  return [
    section(
      'Commands',
      ['Command', 'What it does', 'Worked on', 'Privilege', 'Deadline', 'Parkable', 'Since', 'REST'],
      commands.map(([type, spec]) => [
        code(type),
        spec.summary,
        spec.on,
        needs(spec),
        spec.deadlineMs === 0 ? 'none' : `${spec.deadlineMs / 1000} s`,
        spec.parkable ? 'yes' : 'no',
        spec.since,
        spec.route ? code(`${spec.route.method} ${spec.route.path}`) : '',
      ]),
    ),
    section(
      'Fields of commands and replies',
      ['Command', 'Fields', 'Reply', 'Fields of success'],
      commands.map(([type, { reply }]) => [
        code(type),
        fields(type),
        reply ? code(reply.type) : 'none',
        reply ? code(fieldsText(payloadOf(defs, reply.type), ['type'], reply.flag)) : '',
      ]),
    ),
    section(
      'Events',
      ['Event', 'What it tells', 'Fields beyond the envelope', 'Privilege', 'Since'],
      Object.entries(contract.events).map(([type, { summary, privilege, since }]) => [
        code(type),
        summary,
        fields(type),
        privilege,
        since,
      ]),
    ),
    section(
      'Pushes',
      ['Push', 'What it tells', 'Fields', 'Audience', 'Privilege', 'Since'],
      Object.entries(contract.pushes).map(([type, { summary, audience, privilege, since }]) => [
        code(type),
        summary,
        fields(type),
        audience,
        privilege,
        since,
      ]),
    ),
    section(
      'Shapes',
      ['Shape', 'Fields'],
      shapes.map((name) => [code(name), fields(name)]),
    ),
    `### Privileges\n\n${privileges.map(code).join(', ')}\n`,
    section(
      'Errors',
      ['Code', 'HTTP status', 'Retry', 'Closes with'],
      Object.entries(errorTable).map(([name, { http, retry, close }]) => [
        code(name),
        String(http),
        retry,
        close === null ? '' : String(close),
      ]),
    ),
    section(
      'Limits',
      ['Limit', 'Value', 'Counts'],
      keysOf(limits).map((name) => [code(name), limits[name].toLocaleString('en'), limitMeaning[name]]),
    ),
  ].join('\n');
}

/** Of a reply that can fail, the half that tells of success. */
function payloadOf(defs: Readonly<Record<string, JsonSchema>>, type: string): JsonSchema {
  const reply = defs[type] ?? {};
  const [done] = Array.isArray(reply.oneOf) ? reply.oneOf : [];
  return done?.allOf?.[1] ?? reply;
}

function needs({ privilege, demands }: CommandSpec): string {
  const more = demands.map((demand) => demand.privilege).join(', ');
  return more === '' ? privilege : `${privilege}; by parameter ${more}`;
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

/** In a table a bar would end the cell, even inside of code. */
const code = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);

const keysOf = <T extends object>(of: T) => Object.keys(of) as (keyof T)[];
