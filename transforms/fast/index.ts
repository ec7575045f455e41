/** Every twin, by the name of its transform, one line each, in alphabetical order. `transforms/index.ts` attaches them. */
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
import { replace as maskReplace } from './mask/replace.ts'
import type { Twin } from './twin.ts'

export const twins: Readonly<Record<string, Twin<never>>> = {
  'generalize.category': generalizeCategory,
  'generalize.date': generalizeDate,
  'generalize.geo': generalizeGeo,
  'generalize.hierarchy': generalizeHierarchy,
  'generalize.ip': generalizeIp,
  'generalize.number': generalizeNumber,
  'generalize.prefix': generalizePrefix,
  'generalize.url': generalizeUrl,
  'generalize.zip3': generalizeZip3,
  'hash.email': hashEmail,
  'hash.hmac': hashHmac,
  'hash.integer': hashInteger,
  'hash.sha256': hashSha256,
  'hash.uuid': hashUuid,
  'mask.card': maskCard,
  'mask.characters': maskCharacters,
  'mask.email': maskEmail,
  'mask.replace': maskReplace,
}
