/** The form of what merged sketches say: figures with their errors, and paths of the policy. */
import { z } from 'zod'
import type { SketchFigures } from '../measures/sketch-figures.ts'
import type { SketchHead } from '../measures/sketch-form.ts'
import { count, sha256 } from './form-parts.ts'

export interface SketchMeasurement
  extends Pick<SketchHead, 'version' | 'policy' | 'side' | 'over' | 'key' | 'from' | 'until' | 'expires'> {
  readonly lethe: 'sketch-measurement'
  /** Of this format. */
  readonly v: 1
  readonly sketches: { readonly parts: number; readonly open: number }
  readonly options: { readonly k: number }
  readonly figures: SketchFigures
}

const estimate = z.object({
  value: z.number().min(0),
  error: z.number().min(0).describe('Standard deviation of the estimate; 0 where it is exact.'),
})
const instant = z.iso.datetime()

export const sketchMeasurementForm: z.ZodType<SketchMeasurement> = z.object({
  lethe: z.literal('sketch-measurement'),
  v: z.literal(1),
  version: z.string(),
  policy: z.object({ name: z.string(), version: z.int().min(1), fingerprint: sha256 }),
  side: z.enum(['input', 'output']),
  over: z.array(z.string()).describe('Output paths of the combined fields.'),
  key: z.object({ id: z.string(), check: z.string() }),
  from: instant.describe('When its first record was judged, at the earliest.'),
  until: instant.describe('When its last record was, at the latest.'),
  expires: instant.describe(
    'When the first of the sketches has to be deleted, and so what is merged of them.',
  ),
  sketches: z.object({
    parts: count.describe('Sketches of one process and period each.'),
    open: count.describe('Of these, those whose process had not ended in order when they were written.'),
  }),
  options: z.object({ k: z.int().min(2) }),
  figures: z.object({
    kept: count.describe('Combinations that the figures are drawn from.'),
    sampled: z.boolean().describe('Whether there are more than those.'),
    combinations: estimate,
    subjects: estimate.describe('Each once for each combination that it was seen under.'),
    unique: estimate.describe('Share of combinations that one subject has alone.'),
    small: estimate.describe('Share of combinations that fewer than k subjects have.'),
    atRisk: estimate.describe('Share of subjects in classes of fewer than k.'),
    marketer: estimate.describe('Classes in relation to subjects.'),
    smallestSeen: count.describe(
      'The smallest class that was drawn; the smallest of all is no larger. 0: none was.',
    ),
    sizes: z.array(
      estimate.extend({ from: count, to: count.optional() }).describe('Share of combinations by size.'),
    ),
  }),
})
