/** The twin of `generalize.category`. */
import { type CategoryOptions, labelsOf } from '../../generalize/category.ts'
import { labelsKernel } from '../labels.ts'
import { type Twin, writing } from '../twin.ts'

export const category: Twin<CategoryOptions> = (options) =>
  writing(labelsKernel(labelsOf(options), options.other))
