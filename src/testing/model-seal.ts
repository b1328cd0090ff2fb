import { createHash } from 'node:crypto';

const PREFIX = 'scripted-seal';

/**
 * What providers call a signature, encrypted content or a thought signature: opaque to a client, valid only with the
 * text it was made for. It says so itself, so a restarted server knows the seals of the one before.
 */
export function sealOf(shown: string, request: string): string {
  const said = `${PREFIX}:${digest(shown)}:${request}`;
  return Buffer.from(`${said}:${digest(said)}`).toString('base64');
}

/** Whether a seal came whole from this kind of server and, where `shown` is given, was made for that text. */
export function sealFits(seal: string, shown?: string): boolean {
  const [prefix, made, request, check] = Buffer.from(seal, 'base64').toString('utf8').split(':');
  const whole = prefix === PREFIX && check === digest([prefix, made, request].join(':'));
  return whole && (shown === undefined || made === digest(shown));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
