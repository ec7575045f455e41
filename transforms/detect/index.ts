/** The register of detectors, one line each, and how a value is shown to all of them at once. */
import { apiKey } from './api-key.ts'
import { card } from './card.ts'
import type { Detector } from './detector.ts'
import { email } from './email.ts'
import { iban } from './iban.ts'
import { ip } from './ip.ts'
import { jwt } from './jwt.ts'
import { beNationalNumber } from './national/be-national-number.ts'
import { brCpf } from './national/br-cpf.ts'
import { deSteuerId } from './national/de-steuer-id.ts'
import { esDni } from './national/es-dni.ts'
import { fiHetu } from './national/fi-hetu.ts'
import { frNir } from './national/fr-nir.ts'
import { inAadhaar } from './national/in-aadhaar.ts'
import { itCodiceFiscale } from './national/it-codice-fiscale.ts'
import { nlBsn } from './national/nl-bsn.ts'
import { noFodselsnummer } from './national/no-fodselsnummer.ts'
import { plPesel } from './national/pl-pesel.ts'
import { ptNif } from './national/pt-nif.ts'
import { sePersonnummer } from './national/se-personnummer.ts'
import { ukNhsNumber } from './national/uk-nhs-number.ts'
import { usSsn } from './national/us-ssn.ts'
import { phone } from './phone.ts'
import { privateKey } from './private-key.ts'

/** At most 31: what a value looks like is a set of bits. */
export const detectors: readonly Detector[] = [
  email,
  phone,
  iban,
  card,
  ip,
  jwt,
  apiKey,
  privateKey,
  beNationalNumber,
  brCpf,
  deSteuerId,
  esDni,
  fiHetu,
  frNir,
  inAadhaar,
  itCodiceFiscale,
  nlBsn,
  noFodselsnummer,
  plPesel,
  ptNif,
  sePersonnummer,
  ukNhsNumber,
  usSsn,
]
