/** The closed list of what a principal may do; a token names a subset (SEC-3). */
export const privileges = [
  'observe',
  'send',
  'approve',
  'configure',
  'agents',
  'files',
  'terminal',
  'memory',
  'secrets.write',
  'secrets.read',
  'providers',
  'schedules',
  'admin',
  'mode.unrestricted',
  'approve.edit',
  'approve.remember',
  'device.register',
  'terminal.attach',
] as const;

export type Privilege = (typeof privileges)[number];

export const isPrivilege = (value: unknown): value is Privilege =>
  (privileges as readonly unknown[]).includes(value);

/** Who asks, as the hub stamps it on every frame it relays; one that a client sent is stripped (SEC-2). */
export type Principal = {
  readonly principal: string;
  readonly privileges: readonly Privilege[];
  /** The door: `private`, `direct`, `broker`. */
  readonly origin: string;
};

/** The person at the device: every privilege, within the device's own policy. */
export const owner = (origin: string): Principal => ({ principal: 'owner', privileges, origin });
