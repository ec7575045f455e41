/** A part of what vitest's JSON reporter writes. */
export interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests?: number
  readonly testResults: readonly {
    /** The path of the file. */
    readonly name: string
    readonly status: string
    /** Why the file itself failed. */
    readonly message?: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** Tests that passed at another try, with what the first one met. */
  retried: { readonly name: string; readonly message: string }[]
  /** Tests that failed, and files that did without one. */
  failures: { readonly name: string; readonly message: string }[]
}

export function countsOf(reports: readonly (Report | undefined)[]): Counts
export function closingLine(counts: Counts): string
