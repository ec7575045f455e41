/**
 * Data categories: the keys of Fideslang 3 (version 3.1.4, https://ethyca.github.io/fideslang, by Ethyca, CC BY 4.0), keys
 * only, without those marked as deprecated; and the role that each gives a field.
 */

export const ROLES = ['direct-identifier', 'quasi-identifier', 'sensitive', 'other'] as const
/** What a value can do to a person: point to them, help to, harm them by being known, or nothing of it. */
export type Role = (typeof ROLES)[number]

export const DATA_CATEGORIES: readonly string[] = [
  'system',
  'system.authentication',
  'system.operations',
  'user',
  'user.account',
  'user.account.settings',
  'user.account.username',
  'user.authorization',
  'user.authorization.biometric',
  'user.authorization.credentials',
  'user.authorization.password',
  'user.behavior',
  'user.behavior.browsing_history',
  'user.behavior.media_consumption',
  'user.behavior.purchase_history',
  'user.behavior.search_history',
  'user.biometric',
  'user.biometric.fingerprint',
  'user.biometric.health',
  'user.biometric.retinal',
  'user.biometric.voice',
  'user.childrens',
  'user.contact',
  'user.contact.address',
  'user.contact.address.city',
  'user.contact.address.country',
  'user.contact.address.postal_code',
  'user.contact.address.state',
  'user.contact.address.street',
  'user.contact.email',
  'user.contact.fax_number',
  'user.contact.organization',
  'user.contact.phone_number',
  'user.contact.url',
  'user.content',
  'user.content.private',
  'user.content.public',
  'user.content.self_image',
  'user.criminal_history',
  'user.demographic',
  'user.demographic.age_range',
  'user.demographic.date_of_birth',
  'user.demographic.gender',
  'user.demographic.language',
  'user.demographic.marital_status',
  'user.demographic.political_opinion',
  'user.demographic.profile',
  'user.demographic.race_ethnicity',
  'user.demographic.religious_belief',
  'user.demographic.sexual_orientation',
  'user.device',
  'user.device.cookie',
  'user.device.cookie_id',
  'user.device.device_id',
  'user.device.ip_address',
  'user.financial',
  'user.financial.bank_account',
  'user.financial.credit_card',
  'user.government_id',
  'user.government_id.birth_certificate',
  'user.government_id.drivers_license_number',
  'user.government_id.immigration',
  'user.government_id.national_identification_number',
  'user.government_id.passport_number',
  'user.government_id.vehicle_registration',
  'user.health_and_medical',
  'user.health_and_medical.genetic',
  'user.health_and_medical.insurance_beneficiary_id',
  'user.health_and_medical.record_id',
  'user.job_title',
  'user.location',
  'user.location.imprecise',
  'user.location.precise',
  'user.name',
  'user.name.first',
  'user.name.last',
  'user.payment',
  'user.privacy_preferences',
  'user.sensor',
  'user.social',
  'user.telemetry',
  'user.unique_id',
  'user.unique_id.pseudonymous',
  'user.user_sensor',
  'user.workplace',
]

/**
 * The role that a field has unless the policy states one, by the nearest category at or above its own; `other`
 * where none is listed. Race, belief and the like single people out too; here their harm weighs more.
 */
const ROLE_BY_CATEGORY: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['system.authentication', 'direct-identifier'],
  ['user.account.username', 'direct-identifier'],
  ['user.authorization', 'direct-identifier'],
  ['user.biometric', 'direct-identifier'],
  ['user.contact.address.street', 'direct-identifier'],
  ['user.contact.email', 'direct-identifier'],
  ['user.contact.fax_number', 'direct-identifier'],
  ['user.contact.phone_number', 'direct-identifier'],
  ['user.contact.url', 'direct-identifier'],
  ['user.content.self_image', 'direct-identifier'],
  ['user.device', 'direct-identifier'],
  ['user.financial.bank_account', 'direct-identifier'],
  ['user.financial.credit_card', 'direct-identifier'],
  ['user.government_id', 'direct-identifier'],
  ['user.health_and_medical.insurance_beneficiary_id', 'direct-identifier'],
  ['user.health_and_medical.record_id', 'direct-identifier'],
  ['user.location.precise', 'direct-identifier'],
  ['user.name', 'direct-identifier'],
  ['user.unique_id', 'direct-identifier'],
  ['user.contact.address', 'quasi-identifier'],
  ['user.contact.organization', 'quasi-identifier'],
  ['user.demographic', 'quasi-identifier'],
  ['user.job_title', 'quasi-identifier'],
  ['user.location', 'quasi-identifier'],
  ['user.workplace', 'quasi-identifier'],
  ['user.biometric.health', 'sensitive'],
  ['user.childrens', 'sensitive'],
  ['user.content.private', 'sensitive'],
  ['user.criminal_history', 'sensitive'],
  ['user.demographic.political_opinion', 'sensitive'],
  ['user.demographic.race_ethnicity', 'sensitive'],
  ['user.demographic.religious_belief', 'sensitive'],
  ['user.demographic.sexual_orientation', 'sensitive'],
  ['user.financial', 'sensitive'],
  ['user.health_and_medical', 'sensitive'],
  ['user.payment', 'sensitive'],
])

/** The default role of a category; a local key inherits from what it stands below. */
export function roleOfCategory(category: string | undefined): Role {
  for (let key = category ?? ''; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('.')))) {
    const role = ROLE_BY_CATEGORY.get(key)
    if (role !== undefined) return role
  }
  return 'other'
}

/**
 * Whether a category says too little to decide by: it has no role itself, and some category below it has. `user` is
 * one, and so is a local key that stands right below such a one.
 */
export function isTooGeneral(category: string): boolean {
  let known = category
  while (known !== '' && !DATA_CATEGORIES.includes(known))
    known = known.slice(0, Math.max(0, known.lastIndexOf('.')))
  return (
    roleOfCategory(known) === 'other' &&
    DATA_CATEGORIES.some((other) => other.startsWith(`${known}.`) && roleOfCategory(other) !== 'other')
  )
}
