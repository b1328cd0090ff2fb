import type { Settings } from '../settings/settings.ts';
import type { RuleSet } from './rule-set.ts';

/** [PERM-8] The settings of a person who trusts what these folders' own files say now. */
export function withTrust(settings: Settings, files: RuleSet['files']): Settings {
  const trusted = files.map(
    ({ folder, hash }) => [folder, { ...settings.projects?.[folder], trusted: hash }] as const,
  );
  return { ...settings, projects: { ...settings.projects, ...Object.fromEntries(trusted) } };
}
