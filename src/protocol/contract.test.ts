import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CommandSpec } from './builders.ts';
import { contract } from './contract/index.ts';
import { chooseDialect } from './dialects/choose.ts';
import type { Dialect } from './dialects/dialect.ts';
import { farhand } from './dialects/farhand.ts';
import { seed } from './dialects/seed.ts';
import { stock } from './dialects/stock.ts';
import { isErrorCode } from './errors.ts';
import type { CommandArgs, CommandFrame, DeviceCommandType, Frame, ReplyPayload } from './frames.ts';
import { jsonSchema } from './json-schema.ts';
import { privileges } from './privileges.ts';
import { privilegesFor, routeOf } from './routing.ts';
import { checkCommand, checkEvent, checkPush, checkReply } from './validate.ts';

const commands: [string, CommandSpec][] = Object.entries(contract.commands);
const told = { ...contract.events, ...contract.pushes };
const replies = commands.flatMap(([, { reply }]) => (reply ? [reply] : []));
const types = [...commands.map(([type]) => type), ...replies.map(({ type }) => type), ...Object.keys(told)];

describe('[CONTRACT-1] the contract', () => {
  it('uses no type name twice', () => {
    expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
  });

  it('routes every type it names', () => {
    expect(types.filter((type) => !routeOf(type))).toEqual([]);
  });

  it.each(commands)('%s: is complete', (type, spec) => {
    expect(type).toMatch(/^[a-z][a-z_]*$/);
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    expect(spec.deadlineMs).toBeGreaterThanOrEqual(spec.reply ? 1 : 0);
    if (spec.parkable) expect(spec.on).toBe('scope');
    const defs = Object(jsonSchema().$defs);
    for (const name of spec.ids.asks) expect(defs[type].properties).toHaveProperty(name);
    if (spec.on === 'scope') expect(defs[type].required).toContain('runtime');
  });

  it.each(replies)('$type: a failure carries nothing that would be taken for its own fields', (reply) => {
    expect(Object.keys(reply.neutral)).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(type|request_id|success|accepted|error|error_code)$/),
      ]),
    );
    if (reply.flag === null) expect(reply.neutral).toEqual({});
  });

  it('has no two REST doors at one address', () => {
    const doors = commands.flatMap(([, { route }]) => (route ? [`${route.method} ${route.path}`] : []));
    expect(new Set(doors).size).toBe(doors.length);
  });

  it('[SEC-3] names only privileges of the closed list', () => {
    const named = [
      ...commands.flatMap(([, { privilege, demands }]) => [privilege, ...demands.map((d) => d.privilege)]),
      ...Object.values(told).map(({ privilege }) => privilege),
    ];
    expect(named.filter((privilege) => !privileges.includes(privilege))).toEqual([]);
  });

  it('gives the compiler every field by name', () => {
    expectTypeOf<CommandArgs<'remove_queue_item'>>().toHaveProperty('item_id').toEqualTypeOf<string>();
    // @ts-expect-error a caller that forgets a field does not compile
    const forgotten: CommandArgs<'input_receipt_get'> = { runtime: { agent_id: null, conversation_id: 'c' } };
    expect(forgotten).not.toHaveProperty('client_message_id');
    expectTypeOf<CommandFrame<'input'>['payload']['kind']>().toEqualTypeOf<
      'create_message' | 'approval_response'
    >();
    expectTypeOf<ReplyPayload<'resume_queue'>['resumed']>().toEqualTypeOf<number>();
    expectTypeOf<ReplyPayload<'change_device_state'>>().toEqualTypeOf<undefined>();
    expectTypeOf<'ping'>().not.toExtend<DeviceCommandType>();
  });
});

describe('whatever a peer sends', () => {
  const names = fc.constantFrom(...types, 'constructor', '__proto__', 'toString', 'no such type');
  const frames = fc
    .tuple(
      names,
      fc.dictionary(fc.constantFrom('runtime', 'payload', 'query', 'delta', 'success'), fc.jsonValue()),
    )
    .map(([type, rest]): Frame => JSON.parse(JSON.stringify({ ...rest, type })));
  const likely = fc
    .tuple(fc.constantFrom('create_message', 'approval_response', 'x'), fc.jsonValue(), fc.jsonValue())
    .map(
      ([kind, messages, decision]): Frame => ({
        type: 'input',
        runtime: { agent_id: 'a', conversation_id: 'c' },
        payload: { kind, messages, request_id: 'perm-1', decision },
      }),
    );

  it('is checked without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(frames, likely, fc.jsonValue(), fc.anything()), (value) => {
        const checks = [
          checkCommand(value),
          checkEvent(value),
          checkPush(value),
          ...commands.map(([type]) => checkReply(type as 'input', value)),
        ];
        for (const checked of checks) {
          if (checked.ok) expect(checked.frame).toBe(value);
          else expect(isErrorCode(checked.failure.code)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('is judged and told on without throwing, unchecked as it is in a hub', () => {
    fc.assert(
      fc.property(fc.oneof(frames, likely), fc.boolean(), (frame, asked) => {
        expect(privilegesFor(frame).every((privilege) => privileges.includes(privilege))).toBe(true);
        for (const dialect of [seed, stock, farhand] as readonly Dialect[]) {
          const [state, heard] = dialect.in(dialect.start(), frame);
          expect(heard).toHaveLength(1);
          expect(dialect.out(state, frame, { asked })[1].length).toBeLessThanOrEqual(6);
        }
        expect(chooseDialect({ firstCommand: frame.type }).name).toMatch(/seed|stock|farhand/);
      }),
      { numRuns: 1500 },
    );
  });

  it('[LINK-3] may be deep', () => {
    const deep = JSON.parse(`${'{"a":['.repeat(5_000)}${']}'.repeat(5_000)}`);
    expect(checkCommand({ type: 'agent_list', request_id: 'r', query: deep }).ok).toBe(true);
    expect(checkCommand({ type: 'sync', runtime: deep })).toMatchObject({ ok: false });
  });

  it.each([
    ['messages', input({ messages: Array(1_000_000).fill(1) })],
    ['parts', input({ messages: [{ content: Array(1_000_000).fill(1) }] })],
    ['names of tools', input({ messages: [], client_tool_allowlist: Array(1_000_000).fill(1) })],
    [
      'results',
      {
        type: 'stream_delta',
        delta: { message_type: 'tool_return_message', tool_returns: Array(1_000_000).fill(1) },
      },
    ],
  ])('[LINK-3] a million wrong %s cost no more than one', (_, frame) => {
    const check = frame.type === 'input' ? checkCommand : checkEvent;
    const before = process.memoryUsage().heapUsed;
    expect(check(frame)).toMatchObject({ failure: { code: 'frame_invalid' } });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });
});

const input = (payload: object) => ({
  type: 'input',
  runtime: { agent_id: 'a', conversation_id: 'c' },
  payload: { kind: 'create_message', ...payload },
});
