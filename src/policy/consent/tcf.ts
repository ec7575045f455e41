/** Consent strings of the IAB Transparency and Consent Framework, version 2, read by @iabtcf/core. */
import type { ConsentAnswer, ConsentForm } from './consent-answer.ts'
import { ConsentStrings, loadPackage } from './consent-package.ts'
import { checkTcf } from './range-budget.ts'

/** What is used of the package. */
interface Library {
  readonly TCString: {
    decode(text: string): {
      readonly version: number
      readonly purposeConsents: { has(id: number): boolean }
      readonly vendorConsents: { has(id: number): boolean }
    }
  }
}

export class TcfReader {
  readonly #strings: ConsentStrings

  /** @throws ConsentFormError where the package is missing */
  constructor({ purposes, vendor }: Extract<ConsentForm, { kind: 'tcf' }>) {
    const { TCString } = loadPackage('@iabtcf/core', 'consent strings of TCF') as Library
    this.#strings = new ConsentStrings((text) => {
      checkTcf(text)
      const { version, purposeConsents, vendorConsents } = TCString.decode(text)
      if (version !== 2) throw new Error('not of version 2')
      return (
        purposes.every((purpose) => purposeConsents.has(purpose)) &&
        (vendor === undefined || vendorConsents.has(vendor))
      )
    })
  }

  read(text: string): ConsentAnswer {
    return this.#strings.answer(text)
  }
}
