/**
 * Purposes ("data uses"): the keys of Fideslang 3 (see `identify/categories.ts`). A local key below a known one is taken
 * too: `user.contact.email.work`.
 */
import { nearest } from './suggest.ts'

export const DATA_USES: readonly string[] = [
  'analytics',
  'analytics.reporting',
  'analytics.reporting.ad_performance',
  'analytics.reporting.campaign_insights',
  'analytics.reporting.content_performance',
  'analytics.reporting.system',
  'analytics.reporting.system.performance',
  'collect',
  'employment',
  'employment.recruitment',
  'essential',
  'essential.fraud_detection',
  'essential.legal_obligation',
  'essential.service',
  'essential.service.authentication',
  'essential.service.notifications',
  'essential.service.notifications.email',
  'essential.service.notifications.sms',
  'essential.service.operations',
  'essential.service.operations.improve',
  'essential.service.operations.support',
  'essential.service.payment_processing',
  'essential.service.security',
  'essential.service.upgrades',
  'finance',
  'functional',
  'functional.service',
  'functional.service.improve',
  'functional.storage',
  'functional.storage.privacy_preferences',
  'marketing',
  'marketing.advertising',
  'marketing.advertising.first_party',
  'marketing.advertising.first_party.contextual',
  'marketing.advertising.first_party.targeted',
  'marketing.advertising.frequency_capping',
  'marketing.advertising.negative_targeting',
  'marketing.advertising.profiling',
  'marketing.advertising.serving',
  'marketing.advertising.third_party',
  'marketing.advertising.third_party.targeted',
  'marketing.communications',
  'marketing.communications.email',
  'marketing.communications.sms',
  'operations',
  'personalize',
  'personalize.content',
  'personalize.content.limited',
  'personalize.content.profiled',
  'personalize.content.profiling',
  'personalize.system',
  'sales',
  'third_party_sharing',
  'third_party_sharing.legal_obligation',
  'train_ai_system',
]

const KEY = /^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)*$/

/** Whether `key` is one of `known` or a local key below one; else what it was likely meant to be. */
export function checkTaxonomyKey(
  key: string,
  known: readonly string[],
): { readonly ok: boolean; readonly near: string | undefined } {
  if (known.includes(key)) return { ok: true, near: undefined }
  const near = nearest(key, known)
  // A slip of the pen must not pass for a local key: it would lose the role of the key that was meant.
  const below = known.some((parent) => key.startsWith(`${parent}.`))
  return { ok: below && near === undefined && KEY.test(key), near }
}
