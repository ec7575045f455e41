/** The object store that the environment tells of. Its client is loaded when the first object is named. */
import type { ObjectStore } from './object-store.ts'

let opened: { readonly setting: string; readonly store: Promise<ObjectStore> } | undefined

/** What the environment says of the store; another one has another client. */
const settingNow = (): string =>
  JSON.stringify(
    Object.entries(process.env)
      .filter(([name]) => name.startsWith('AWS_'))
      .sort(),
  )

/** @throws LetheError `package-missing`, or where the environment says what cannot be */
export function openStore(): Promise<ObjectStore> {
  const setting = settingNow()
  if (opened?.setting !== setting) {
    const store = import('../s3/s3-store.ts').then(({ openS3 }) => openS3(process.env))
    opened = { setting, store }
  }
  return opened.store
}
