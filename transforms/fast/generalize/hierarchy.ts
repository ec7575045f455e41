/** The twin of `generalize.hierarchy`. */
import { ancestorsOf, type HierarchyOptions } from '../../generalize/hierarchy.ts'
import { labelsKernel } from '../labels.ts'
import { type Twin, writing } from '../twin.ts'

export const hierarchy: Twin<HierarchyOptions> = ({ file, level, delimiter }, context) =>
  writing(labelsKernel(ancestorsOf(context.readTable(file, delimiter), level), undefined))
