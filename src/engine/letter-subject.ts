/** Whose a record was that became a dead letter, as far as a dead letter may tell it: under a match key. */

/** The match token of a subject, `k1.…`; undefined where its identifier has no normal form. */
export type SubjectToken = (text: string) => string | undefined

/** What stands in a dead letter that carries its original. `unknown`: the subject could not be read. */
export type LetterSubject =
  | 'unknown'
  | {
      /** Of the token: tokens of one domain and key can be compared. */
      readonly domain: string
      /** The normal form that the token is made of. */
      readonly normalize: string
      readonly token: string
    }

export interface SubjectTokens {
  readonly domain: string
  readonly normalize: string
  readonly tokenOf: SubjectToken
}

/** What a dead letter says of a token; undefined where none are made. */
export function letterSubject(
  tokens: Omit<SubjectTokens, 'tokenOf'> | undefined,
  token: string | undefined,
): LetterSubject | undefined {
  if (tokens === undefined) return undefined
  if (token === undefined) return 'unknown'
  return { domain: tokens.domain, normalize: tokens.normalize, token }
}
