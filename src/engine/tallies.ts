/** What the rules of an account had counted at one time, so that what they count since then can be taken back. */
import type { Plan } from '../policy/plan.ts'
import type { Account, RuleCount } from './account.ts'

const NUMBERS = 5

export class RuleTallies {
  readonly #numbers: Float64Array
  readonly #failures: (RuleCount['failures'] | undefined)[] = []

  constructor(plan: Plan) {
    this.#numbers = new Float64Array(plan.rules.length * NUMBERS)
  }

  note({ rules }: Account): void {
    const numbers = this.#numbers
    for (let id = 0; id < rules.length; id++) {
      const { applied, absent, null: nothing, failed, met, failures } = rules[id]!
      const at = id * NUMBERS
      numbers[at] = applied
      numbers[at + 1] = absent
      numbers[at + 2] = nothing
      numbers[at + 3] = failed
      numbers[at + 4] = met
      this.#failures[id] = failed === 0 ? undefined : { ...failures }
    }
  }

  restore({ rules }: Account): void {
    const numbers = this.#numbers
    for (let id = 0; id < rules.length; id++) {
      const rule = rules[id]!
      const at = id * NUMBERS
      rule.applied = numbers[at]!
      rule.absent = numbers[at + 1]!
      rule.null = numbers[at + 2]!
      rule.failed = numbers[at + 3]!
      rule.met = numbers[at + 4]!
      rule.failures = { ...this.#failures[id] }
    }
  }
}
