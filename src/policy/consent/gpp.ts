/** Strings of the IAB Global Privacy Platform, read by @iabgpp/cmpapi. */
import type { ConsentAnswer, ConsentForm } from './consent-answer.ts'
import { ConsentFormError, ConsentStrings, loadPackage } from './consent-package.ts'
import { checkGpp } from './range-budget.ts'

/** What is used of the package. A section that is not there has the values of a new one, so it is asked for first. */
interface Model {
  hasSection(name: string): boolean
  getSection(name: string): Readonly<Record<string, unknown>> | null
  getFieldValue(section: string, field: string): unknown
  setFieldValue(section: string, field: string, value: unknown): void
}

interface Library {
  readonly GppModel: new (encoded?: string) => Model
}

export class GppReader {
  readonly #strings: ConsentStrings

  /** @throws ConsentFormError where the package is missing, or knows no such section or field */
  constructor({ section, fields }: Extract<ConsentForm, { kind: 'gpp' }>) {
    const { GppModel } = loadPackage('@iabgpp/cmpapi', 'strings of GPP') as Library
    const known = Object.keys(newSection(new GppModel(), section))
    for (const field of fields.keys())
      if (!known.includes(field))
        throw new ConsentFormError(
          `the section ${section} of GPP has no field of this name`,
          `one of: ${known.join(', ')}`,
        )
    this.#strings = new ConsentStrings((text) => {
      checkGpp(text, section)
      const model = new GppModel(text)
      if (!model.hasSection(section)) throw new Error('no such section')
      return [...fields].every(([field, allowed]) => {
        const value = model.getFieldValue(section, field)
        const values: readonly unknown[] = Array.isArray(value) ? value : [value]
        return values.length > 0 && values.every((one) => (allowed as readonly unknown[]).includes(one))
      })
    })
  }

  read(text: string): ConsentAnswer {
    return this.#strings.answer(text)
  }
}

function newSection(model: Model, section: string): Readonly<Record<string, unknown>> {
  try {
    // The package makes a section when its first field is set.
    model.setFieldValue(section, 'Version', 1)
    return model.getSection(section) ?? {}
  } catch {
    throw new ConsentFormError(
      'GPP has no section of this name',
      'usnat, usca, usva and the like, or tcfeuv2',
    )
  }
}
