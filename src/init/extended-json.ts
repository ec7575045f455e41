/** Members of MongoDB's Extended JSON, v2: `{"$date": "2026-03-10T10:00:00Z"}` is one value, and its parent names it. */
const NAMES = new Set([
  ...['$date', '$oid', '$uuid', '$numberInt', '$numberLong', '$numberDouble', '$numberDecimal'],
  ...['$symbol', '$timestamp', '$binary'],
])

/** Whether a member's name only says of which type the value is. */
export const isTypeName = (name: string): boolean => NAMES.has(name)
