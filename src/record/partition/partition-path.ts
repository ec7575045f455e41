/** Folders of partitions as Hive names them: `country=DE`. What a file system or a path could take otherwise is escaped. */

/** What stands for null and for a text of nothing. */
export const DEFAULT_PARTITION = '__HIVE_DEFAULT_PARTITION__'

/** The most bytes that file systems take in one name. */
const MOST_BYTES = 255

/** The characters that Hive escapes (`FileUtils.escapePathName`), and those that Windows takes for something else. */
const SPECIAL = /[\x00-\x1f"#%'*/:=?\\\x7f{[\]^<>| ]/g

const escaped = (text: string): string =>
  text.replaceAll(SPECIAL, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** The folder of a value of the field `label`; undefined where no file system takes its name, or readers take it for null. */
export function partitionFolder(label: string, value: string | null): string | undefined {
  if (value === DEFAULT_PARTITION) return undefined
  // Windows drops a point at the end.
  const shown = value === null || value === '' ? DEFAULT_PARTITION : escaped(value).replace(/\.$/, '%2E')
  const name = `${escaped(label)}=${shown}`
  return Buffer.byteLength(name) > MOST_BYTES ? undefined : name
}

/** What a folder of a partition tells; `value` is null where it stands for nothing. Undefined of a name that none has. */
export function readPartitionFolder(
  name: string,
): { readonly label: string; readonly value: string | null } | undefined {
  const [, label, value] = /^([^=]+)=(.+)$/s.exec(name) ?? []
  if (label === undefined) return undefined
  const plain = (text: string): string =>
    text.replaceAll(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return { label: plain(label), value: value === DEFAULT_PARTITION ? null : plain(value!) }
}
