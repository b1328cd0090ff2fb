import type { Settings } from '../settings/settings.ts';
import type { SettingsFile } from '../settings/settings-file.ts';
import { evaluate } from './evaluate.ts';
import type { Rules } from './judge.ts';
import { projectOf } from './project-files.ts';
import { realPath } from './real-path.ts';
import type { RuleKind } from './rule.ts';
import { type Around, collectRules } from './rule-set.ts';
import { suggestionsFor } from './suggestions.ts';

/** The rules of a device, looked up again for every call, so that a change of the settings holds from the next one on. */
export function createRules(around: Around & { readonly settings: SettingsFile }): Rules {
  return {
    judge(tool, deeds, cwd) {
      const set = collectRules(around, cwd);
      return { rulings: evaluate(tool, deeds, set), suggestions: suggestionsFor(tool, deeds, set) };
    },
    remember({ rules, where }, cwd) {
      const project = where === 'project' ? projectOf(realPath(cwd), realPath(around.home)) : null;
      around.settings.change((settings) =>
        rules.reduce((changed, rule) => withRule(changed, 'allow', rule, project), settings),
      );
    },
  };
}

/** The settings with one more rule, for a project (its real path) or everywhere (null); the same ones where it is there already. */
export function withRule(settings: Settings, kind: RuleKind, rule: string, project: string | null): Settings {
  return changed(settings, project, (rules = {}) => {
    const texts = rules[kind] ?? [];
    return texts.includes(rule) ? rules : { ...rules, [kind]: [...texts, rule] };
  });
}

/** The settings without a rule, of whatever kind it was. */
export function withoutRule(settings: Settings, rule: string, project: string | null): Settings {
  return changed(settings, project, (rules = {}) => ({
    ...rules,
    ...(rules.deny && { deny: rules.deny.filter((text) => text !== rule) }),
    ...(rules.ask && { ask: rules.ask.filter((text) => text !== rule) }),
    ...(rules.allow && { allow: rules.allow.filter((text) => text !== rule) }),
  }));
}

function changed(
  settings: Settings,
  project: string | null,
  how: (rules: Settings['rules']) => NonNullable<Settings['rules']>,
): Settings {
  if (project === null) return { ...settings, rules: how(settings.rules) };
  const entry = settings.projects?.[project];
  return {
    ...settings,
    projects: { ...settings.projects, [project]: { ...entry, rules: how(entry?.rules) } },
  };
}
