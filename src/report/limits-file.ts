/** The limits of the tiles: those of a file, the defaults where it is silent. */
import { limitsForm, type StatedLimits } from '../forms/findings.ts'
import type { ReportTile, TileName } from '../forms/report-form.ts'
import { readYaml } from './read-yaml.ts'

/**
 * `privacy`: five people in the smallest class. `balance`: the four-fifths rule, 29 CFR 1607.4 D. `utility` and `operations`: ours,
 * to begin with; docs/report.md says how to choose others.
 */
export const DEFAULT_LIMITS: Readonly<Record<TileName, number>> = {
  privacy: 0.2,
  utility: 0.5,
  balance: 0.8,
  operations: 0.01,
}

export const BOUNDS: Readonly<Record<TileName, ReportTile['bound']>> = {
  privacy: 'at-most',
  utility: 'at-most',
  balance: 'at-least',
  operations: 'at-most',
}

/** @throws ReportFileProblems where the file has errors, LetheError where it cannot be read */
export const readLimits = (file: string): StatedLimits => readYaml(file, 'the limits', limitsForm)
