/**
 * Short forms of words, as schemas write them: `cust_nm` is the name of a customer. A name is read as it stands and, where
 * that says nothing, with its short forms written in full. So no phrase of the dictionary has to list them.
 */

/** By the word in full: its short forms. */
export const SHORT_FORMS: Readonly<Record<string, string>> = {
  // Of any value.
  name: 'nm | nme',
  number: 'no | nr | num | nbr | nmbr | nbmr | nro',
  date: 'dt | dte',
  code: 'cd | cde',
  // Of contacts.
  address: 'addr | addrs | adr | adrs | addy',
  street: 'str | strt | st',
  house: 'hse | hno',
  apartment: 'apt | apmt | aptmt',
  building: 'bldg | bld',
  postal: 'pstl',
  city: 'cty',
  country: 'cntry | ctry',
  email: 'eml | emal | emladdr',
  phone: 'ph | phn | phne | fone',
  telephone: 'tel | telno | tlf',
  mobile: 'mob | mobno | mbl | moble',
  // Of persons.
  first: 'fst | frst',
  middle: 'mid | mdl | midl',
  last: 'lst',
  full: 'fl | fll',
  birth: 'bth | brth | brt',
  gender: 'gndr | gend',
  nationality: 'natl | ntnlty',
  marital: 'mrtl',
  // Of official numbers and money.
  passport: 'pspt | psprt | passpt',
  license: 'lic | lcns | licno',
  social: 'soc',
  security: 'sec',
  insurance: 'ins | insur',
  policy: 'pol | plcy',
  routing: 'rtng | rtg',
  card: 'crd',
  credit: 'crdt',
  // Of people.
  customer: 'cust | cst | cstmr | custmr',
  user: 'usr',
  account: 'acct | acc | acnt | accnt',
  employee: 'emp | empl',
  patient: 'pat | ptnt',
  member: 'mbr | membr',
  contact: 'cntct',
  beneficiary: 'bene | benef',
}

/** Short forms that stand for other things as often: alone, or beside words that do not fit, they say nothing. */
export const FAINT =
  'ph | st | str | no | nr | num | nro | fl | mid | sec | pol | ins | soc | cd | natl | hno | pat'
