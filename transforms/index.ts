/** The register: every transform, one line each, in alphabetical order. Those that have a twin in `fast/` get it here. */
import { address as fakeAddress } from './fake/address.ts'
import { email as fakeEmail } from './fake/email.ts'
import { person as fakePerson } from './fake/person.ts'
import { phone as fakePhone } from './fake/phone.ts'
import { twins } from './fast/index.ts'
import { withTwin } from './fast/twin.ts'
import { age as generalizeAge } from './generalize/age.ts'
import { birthYear as generalizeBirthYear } from './generalize/birth-year.ts'
import { category as generalizeCategory } from './generalize/category.ts'
import { date as generalizeDate } from './generalize/date.ts'
import { geo as generalizeGeo } from './generalize/geo.ts'
import { hierarchy as generalizeHierarchy } from './generalize/hierarchy.ts'
import { ip as generalizeIp } from './generalize/ip.ts'
import { number as generalizeNumber } from './generalize/number.ts'
import { prefix as generalizePrefix } from './generalize/prefix.ts'
import { url as generalizeUrl } from './generalize/url.ts'
import { zip3 as generalizeZip3 } from './generalize/zip3.ts'
import { email as hashEmail } from './hash/email.ts'
import { hmac as hashHmac } from './hash/hmac.ts'
import { integer as hashInteger } from './hash/integer.ts'
import { sha256 as hashSha256 } from './hash/sha256.ts'
import { uuid as hashUuid } from './hash/uuid.ts'
import { card as maskCard } from './mask/card.ts'
import { characters as maskCharacters } from './mask/characters.ts'
import { email as maskEmail } from './mask/email.ts'
import { nullValue as maskNull } from './mask/null.ts'
import { pattern as maskPattern } from './mask/pattern.ts'
import { replace as maskReplace } from './mask/replace.ts'
import { number as noiseNumber } from './noise/number.ts'
import { date as shiftDate } from './shift/date.ts'
import type { Transform } from './transform.ts'

const definitions: readonly Transform[] = [
  fakeAddress,
  fakeEmail,
  fakePerson,
  fakePhone,
  generalizeAge,
  generalizeBirthYear,
  generalizeCategory,
  generalizeDate,
  generalizeGeo,
  generalizeHierarchy,
  generalizeIp,
  generalizeNumber,
  generalizePrefix,
  generalizeUrl,
  generalizeZip3,
  hashEmail,
  hashHmac,
  hashInteger,
  hashSha256,
  hashUuid,
  maskCard,
  maskCharacters,
  maskEmail,
  maskNull,
  maskPattern,
  maskReplace,
  noiseNumber,
  shiftDate,
]

export const transforms: readonly Transform[] = definitions.map((transform) => {
  const twin = twins[transform.name]
  return twin === undefined ? transform : withTwin(transform, twin)
})
