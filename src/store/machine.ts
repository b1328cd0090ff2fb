import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, platform } from 'node:os';

/**
 * Tells this machine from another one that got a copy of the home. The machine id where the system has one: a host name
 * changes with the network on laptops, and a changed fingerprint costs the device its identity.
 */
export function machineFingerprint(): string {
  const name = machineId() ?? hostname();
  return createHash('sha256').update(`${platform()}\n${name}`).digest('hex');
}

function machineId(): string | null {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(path, 'utf8').trim();
      // An image that was never booted holds nothing or the word "uninitialized" (machine-id(5)).
      if (/^[0-9a-f]{32}$/.test(id)) return id;
    } catch {
      // No such file on this system, or not for this user: the next source tells.
    }
  }
  return null;
}
