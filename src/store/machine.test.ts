import { expect, it } from 'vitest';
import { machineFingerprint } from './machine.ts';

it('[HOME-3] tells a machine by a hash that stays the same', () => {
  expect(machineFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  expect(machineFingerprint()).toBe(machineFingerprint());
});
