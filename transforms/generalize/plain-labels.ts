const PLAIN = /^[A-Za-z0-9*][A-Za-z0-9._\-:+@/*=]*$/

/** Whether neither JSON nor CSV has to escape or quote any of the labels: `CompiledTransform.plain`. */
export function arePlain(labels: Iterable<string>): boolean {
  for (const label of labels) if (!PLAIN.test(label)) return false
  return true
}
