/** Which files of keys a command goes by: those that its options name, or else the environment. Empty is none. */

export interface KeyFileOptions {
  readonly keys?: string
  readonly matchKeys?: string
}

export const keysFile = ({ keys }: Pick<KeyFileOptions, 'keys'>): string | undefined =>
  keys ?? (process.env['LETHE_KEYS_FILE'] || undefined)

export const matchKeysFile = ({ matchKeys }: Pick<KeyFileOptions, 'matchKeys'>): string | undefined =>
  matchKeys ?? (process.env['LETHE_MATCH_KEYS_FILE'] || undefined)
