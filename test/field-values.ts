/** Values of the field by the rule that they stand under, and what is right for each: a result, or the code of a dead letter. */
export type Values = Readonly<Record<string, readonly (readonly [value: unknown, result: unknown])[]>>

const TEN = '2026-03-10T10:00:00Z'
const NINE = '2026-03-10T09:00:00Z'

export const TIMES: Values = {
  '{ use: generalize.date, to: hour }': [
    ['2026-03-10T10:00:00Z', TEN],
    ['2026-03-10T10:00:00.123Z', TEN],
    ['2026-03-10T10:00:00+01:00', NINE],
    ['2026-03-10t10:00:00z', TEN],
    ['2026-03-10T10:00:00.000+0000', TEN],
    ['2026-03-10 10:00:00.123+00', TEN],
    ['2026-03-10 10:00:00 UTC', TEN],
    ['2026-03-10 10:00:00Z', TEN],
    ['2026-03-10T10:00Z', TEN],
    ['2026-03-10T10:00:00+01', NINE],
    ['20260310T100000Z', TEN],
    ['Tue, 10 Mar 2026 10:00:00 GMT', TEN],
    ['2026-03-10T10:00:00+01:00[Europe/Warsaw]', NINE],
    ['2026-03-10T24:00:00Z', '2026-03-11T00:00:00Z'],
    ['2026-03-10 10:00:00 -0500', '2026-03-10T15:00:00Z'],
    // White space is no part of a time, and day and month could change places.
    ['2026-03-10T10:00:00Z ', 'unparsable'],
    ['10/03/2026 10:00', 'unparsable'],
    // No clock is named.
    ['2026-03-10T10:00:00', 'unparsable'],
    ['1773136800', 'unparsable'],
  ],
  '{ use: generalize.date, to: hour, format: "dd/MM/yyyy HH:mm", zone: UTC }': [['10/03/2026 10:00', TEN]],
  '{ use: generalize.date, to: hour, format: yyyy-MM-dd HH:mm:ss XX }': [
    ['2026-03-10 10:00:00 -0500', '2026-03-10T15:00:00Z'],
  ],
  '{ use: generalize.date, to: hour, format: epoch-seconds }': [
    ['1773136800.123', TEN],
    [1773136800, TEN],
  ],
  '{ use: generalize.date, to: hour, format: epoch-milliseconds }': [[1773136800123, TEN]],
}

export const COLUMNS_OF_DATES: Values = {
  '{ use: generalize.date, to: month, format: epoch-days }': [
    [20522, '2026-03'],
    [1990, 'out-of-domain'],
  ],
  '{ use: generalize.date, to: month, format: epoch-seconds }': [
    [1773136800, '2026-03'],
    [20522, 'out-of-domain'],
    [20260310, 'out-of-domain'],
    [1773136800000, 'out-of-domain'],
  ],
  '{ use: generalize.date, to: month, format: epoch-microseconds }': [
    [1773136800123456, '2026-03'],
    [1773136800123, 'out-of-domain'],
  ],
}

export const NUMBERS: Values = {
  '{ use: generalize.number, width: 10 }': [
    ['12.5', '[10,20)'],
    ['1.234,50', 'unparsable'],
    ['12,50', 'unparsable'],
    ['$12.50', 'unparsable'],
    ['12 %', 'unparsable'],
  ],
  '{ use: generalize.number, width: 10, decimal: ",", grouping: "." }': [
    ['1.234,50', '[1230,1240)'],
    ['12,50', '[10,20)'],
    ['12.50', 'unparsable'],
  ],
  '{ use: generalize.number, width: 10, decimal: ".", grouping: " ", affix: [$, "%"] }': [
    ['$12.50', '[10,20)'],
    [' 12.5 ', '[10,20)'],
    ['1 234', '[1230,1240)'],
    ['12 %', '[10,20)'],
  ],
}

export const CONTACTS: Values = {
  '{ use: generalize.ip, endpoint: allow }': [
    ['203.0.113.9', '203.0.113.0/24'],
    ['203.0.113.9:51234', '203.0.113.0/24'],
    ['[2001:db8::1]:443', '2001:db8::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['203.0.113.9\t', '203.0.113.0/24'],
    ['unknown', 'unparsable'],
    ['203.0.113.9, 10.0.0.1', 'unparsable'],
  ],
  '{ use: generalize.ip, list: first }': [['203.0.113.9, 10.0.0.1', '203.0.113.0/24']],
  '{ use: generalize.ip, list: last }': [['203.0.113.9, 10.0.0.1', '10.0.0.0/24']],
  '{ use: generalize.url, keepParams: ["utm_*"], schemeless: allow, relative: allow, keepPath: 1 }': [
    ['https://shop.example/p/1?utm_source=a&email=x@y.example', 'https://shop.example/p?utm_source=a'],
    ['//shop.example/p/1', '//shop.example/p'],
    ['shop.example/p/1?q=1', '//shop.example/p'],
    ['/orders/12?page=2', '/orders'],
    ['mailto:x@y.example', 'unparsable'],
  ],
}
