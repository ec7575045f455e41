/** The same events as rows of a table: what of them is not a list or a map. */
import type { Event } from './event.ts'

type Cell = string | number | null | undefined

/** Headers and what stands below them. All but two are paths of the nested event. */
const COLUMNS: readonly (readonly [header: string, cell: (event: Event) => Cell])[] = [
  ['cust_id', (event) => event.customer.id],
  ['customer.name', (event) => event.customer.name],
  ['e_mail', (event) => event.customer.email],
  ['customer.phone', (event) => event.customer.phone],
  ['customer.birth_date', (event) => event.customer.birth_date],
  ['customer.postcode', (event) => event.customer.postcode],
  ['customer.country', (event) => event.customer.country],
  ['customer.address.street', (event) => event.customer.address.street],
  ['customer.address.city', (event) => event.customer.address.city],
  ['type', (event) => event.type],
  ['occurred_at', (event) => event.occurred_at],
  ['payment.card', (event) => event.payment?.card],
  ['payment.iban', (event) => event.payment?.iban],
  ['device.ip', (event) => event.device.ip],
  ['geo.lat', (event) => event.geo?.lat],
  ['geo.lon', (event) => event.geo?.lon],
  ['page', (event) => event.page],
  ['notes', (event) => event.notes],
]

export const CSV_HEADER: string = COLUMNS.map(([header]) => header).join(',')

/** One row as RFC 4180 writes it, without its newline: quotes only where they are needed. */
export function csvRow(event: Event): string {
  return COLUMNS.map(([, cell]) => quoted(String(cell(event) ?? ''))).join(',')
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
