import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DATA_CATEGORIES, roleOfCategory } from '../../../src/identify/categories.ts'
import { categoryOf } from '../../../src/identify/category-of.ts'
import { FAINT, SHORT_FORMS } from '../../../src/identify/data/abbreviations.ts'
import * as people from '../../../src/identify/data/people.ts'
import { listed } from '../../../src/identify/kind.ts'
import { KINDS, ROLES, SUBJECTS } from '../../../src/identify/lexicon.ts'
import { fold, splitName, wordsOf } from '../../../src/identify/words.ts'
import { corpus, type Listed } from './corpora.ts'

const isOf = (category: string, accepted: readonly string[]) =>
  accepted.some((one) => category === one || category.startsWith(`${one}.`))
const found = ({ names, categories }: Listed) => {
  const suspicion = categoryOf(names)
  return suspicion?.certain === true && isOf(suspicion.category, categories)
}
const alarms = ({ names }: Listed) => categoryOf(names)?.certain === true
const ask = (path: string, place?: 'value' | 'members' | 'names') => categoryOf(path.split('.'), place)

describe('names out of public schemas', () => {
  const halfOf = (file: 'personal' | 'harmless', half: Listed['half']) =>
    corpus(file).filter((one) => one.half === half)

  it('are many, from many sources, and in two halves', () => {
    expect(corpus('personal').length).toBeGreaterThan(400)
    expect(corpus('harmless').length).toBeGreaterThan(300)
    expect(new Set(corpus('personal').map(({ source }) => source)).size).toBeGreaterThan(12)
    for (const file of ['personal', 'harmless'] as const) {
      const texts = corpus(file).map(({ text }) => text)
      expect(new Set(texts).size).toBe(texts.length)
      expect(halfOf(file, 'held-out').length).toBeGreaterThan(140)
    }
    const categories = new Set(corpus('personal').flatMap((one) => one.categories))
    for (const category of categories) expect(DATA_CATEGORIES).toContain(category)
  })

  it('are found where they are personal: 95 % of the half that was held out, with a right category', () => {
    const held = halfOf('personal', 'held-out')
    expect(held.filter(found).length / held.length).toBeGreaterThanOrEqual(0.95)
  })

  it('are let be where they are harmless: alarms at under 3 % of the half that was held out', () => {
    const held = halfOf('harmless', 'held-out')
    expect(held.filter(alarms).length / held.length).toBeLessThan(0.03)
  })

  it('are all told rightly in the half for design', () => {
    expect(halfOf('personal', 'design').filter((one) => !found(one))).toEqual([])
    expect(halfOf('harmless', 'design').filter(alarms)).toEqual([])
  })
})

describe('categoryOf', () => {
  it.each([
    ['email', 'user.contact.email'],
    ['customer.email.value', 'user.contact.email'],
    ['context.traits.name', 'user.name'],
    ['customer_login', 'user.account.username'],
    ['x-user-email', 'user.contact.email'],
    ['E-Mail Address', 'user.contact.email'],
    ['contact_owner', 'user.name'],
    ['actor.display', 'user.name'],
    ['created_by', 'user.name'],
    ['created.by', 'user.name'],
    ['erstellt_von', 'user.name'],
    ['Account Executive', 'user.name'],
    ['user.address.line1', 'user.contact.address.street'],
    ['street_line', 'user.contact.address.street'],
    ['client', 'user.unique_id'],
    ['customer.id', 'user.unique_id'],
    ['payload.after.customer_id', 'user.unique_id'],
    ['name', 'user.name'],
    ['after.name', 'user.name'],
    ['ssn', 'user.government_id'],
    ['device.plate', 'user.government_id.vehicle_registration'],
    ['user_agent', 'user.device'],
    ['Empfaenger', 'user.name'],
    ['Kundenrechnungsadresse', 'user.contact.address.street'],
    ['お客様番号', 'user.unique_id'],
    ['ご住所', 'user.contact.address.street'],
    ['номер_телефона', 'user.contact.phone_number'],
    ['customer_details.id', 'user.unique_id'],
    ['photo.url', 'user.content.self_image'],
  ])('%s: %s', (path, category) => {
    const suspicion = ask(path)
    expect(suspicion?.certain).toBe(true)
    expect(isOf(suspicion!.category, [category]), suspicion!.category).toBe(true)
  })

  const found: Readonly<Record<string, string>> = {
    'user.unique_id': `uid external_uid auth.uid payload.uid uidNumber loyalty_no policy_no steam_id emp_no cst_id
      รหัสลูกค้า מספר_לקוח Patientennummer PatientenID Patienten-Nr Klientennummer Studentennummer Mandantennummer
      Mitglieds-Nr Schülernummer Personalnummer Personal-Nr Matrikelnummer Fallnummer Nutzerkennung`,
    'user.health_and_medical': 'befund Pflegegrad raucher smoker Impfstatus Medikation Anamnese',
    'user.name': `Patientenname Behandler Auftraggeber Begünstigter kinder_name full_nm cust_nm custnm child_name tutor children_names שם שם_פרטי שם_משפחה שם_הלקוח ชื่อ ชื่อจริง
      นามสกุล ชื่อลูกค้า नाम पहला_नाम उपनाम ग्राहक_का_नाम tên họ_tên hoTen tên_đệm`,
    'user.name.first': 'mname fst_nm fnm middle_nm',
    'user.contact.email': 'eml mailto usr_eml דוא״ל דואר_אלקטרוני อีเมล ईमेल thư_điện_tử',
    'user.contact.phone_number': `mob mob_no telno home_ph ph_no cust_ph tel_nbr טלפון เบอร์โทร फ़ोन मोबाइल_नंबर
      số_điện_thoại sdt`,
    'user.contact.address': 'house_no houseNo apt_no aptNo zip_cd כתובת ที่อยู่ पता địa_chỉ diaChi',
    'user.contact.url': 'twitter facebook twitter_handle facebook_url fb_id',
    'user.location.precise': 'geo what3words plus_code geo_point',
    'user.demographic.date_of_birth': 'birthdt birth_dt bdate תאריך_לידה วันเกิด जन्म_तिथि ngày_sinh',
    'user.government_id': `sin npi dl_no ssn_nbr soc_sec_no lic_no passpt_no ת.ז תעודת_זהות เลขประจำตัวประชาชน आधार_संख्या
      cccd căn_cước_công_dân`,
    'user.device.device_id': 'adid',
    'user.financial.bank_account': 'swift_bic routing_no acc_no rtng_nbr',
  }
  it.each(
    Object.entries(found).flatMap(([category, names]) =>
      names.split(/\s+/).map((name) => [name, category] as const),
    ),
  )('knows the short form or the language of %s: %s', (name, category) => {
    const suspicion = name === 'ת.ז' ? categoryOf(name) : ask(name)
    expect(suspicion, name).toMatchObject({ certain: true })
    expect(isOf(suspicion!.category, [category]), suspicion!.category).toBe(true)
  })

  it.each([
    ...[
      'ph',
      'soil_ph',
      'last_login',
      'lastLogin',
      'st',
      'acc',
      'val_acc',
      'acc_x',
      'wavelength_nm',
      'dt',
      'no',
      'order_no',
      'emp',
      'pol',
    ],
    ...[
      'email_dt',
      'app_nm',
      'db_nm',
      'product_nm',
      'prod_no',
      'mob_count',
      'status_cd',
      'uid_type',
      'uid_count',
    ],
    ...['event_uid', 'metadata.uid', 'product.uid', 'child_id', 'child.name', 'children', 'facebook_clicks'],
    ...[
      'geo_region',
      'hour_sin',
      'swift_version',
      'policy_id',
      'retention_policy',
      'ten_percent',
      'siblings',
      'kinder',
      'kindes',
      'Anzahl_Kinder',
      'partei',
      'Vertragspartei',
      'Verwendungszweck',
      'remittance_info',
      'Kennung',
      'Patienten_Anzahl',
    ],
  ])('%s: a short form or a word that is not enough', (name) => {
    expect(ask(name)?.certain).not.toBe(true)
  })

  it.each([
    'product.name',
    'product.display_name',
    'event_name',
    'file_name',
    'campaign.name',
    'country_name',
    'ip_version',
    'email_opt_in',
    'email.status',
    'phone_model',
    'is_email_verified',
    'address_type',
    'session_id',
    'device.type',
    'email_template_id',
    'num_users',
    'sorted_by',
    'package_manager',
    'http_client',
    'customer_order_id',
    'customer.plan',
    'cvv_response_code',
    'unsubscribed_from_emails',
    'merchant_account_id',
    'product_options.display_name',
    '',
    '$',
  ])('%s: nothing that is sure', (path) => {
    expect(ask(path)?.certain).not.toBe(true)
  })

  it('is not sure of a name that things have too, unless a person stands beside it', () => {
    expect(ask('country')).toMatchObject({ category: 'user.contact.address.country', certain: false })
    expect(ask('customer.country')).toMatchObject({ certain: true })
    expect(ask('billing_country')).toMatchObject({ certain: true })
    expect(ask('note')).toMatchObject({ category: 'user.content.private', certain: false })
    expect(ask('customer.note')).toMatchObject({ certain: true })
    expect(ask('product.description')).toBeUndefined()
  })

  it('reads German compounds, whatever joins their words', () => {
    const words = listed(people.SUBJECTS).filter((word) => /^[a-z]{5,}$/.test(word))
    expect(words.length).toBeGreaterThan(50)
    fc.assert(
      fc.property(
        fc.constantFrom(...words),
        fc.constantFrom('', 's', 'n', 'en', 'es'),
        (word, join) => ask(`${word}${join}nummer`)?.certain === true,
      ),
    )
  })

  it('tells the names of a map from its values', () => {
    expect(ask('by_user', 'names')).toMatchObject({ category: 'user.unique_id', certain: true })
    expect(ask('by_user', 'members')).toBeUndefined()
    expect(ask('prices', 'names')).toBeUndefined()
    expect(ask('friends', 'names')).toMatchObject({ certain: true })
  })

  it('gives a role that follows from the category, and says why', () => {
    for (const { names } of corpus('personal')) {
      const suspicion = categoryOf(names)
      if (suspicion === undefined) continue
      expect(DATA_CATEGORIES).toContain(suspicion.category)
      expect(suspicion.role).toBe(roleOfCategory(suspicion.category))
      expect(suspicion.why).not.toBe('')
    }
  })

  it('says the same of a name however it is spelt', () => {
    const spellings: readonly ((words: readonly string[]) => string)[] = [
      (words) => words.join('_'),
      (words) => words.join('-'),
      (words) => words.join(' '),
      (words) => words.join('.').replaceAll('.', '__'),
      (words) => words.join('_').toUpperCase(),
      (words) => words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(''),
      (words) => words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join(''),
    ]
    const words = [
      'customer',
      'email',
      'phone',
      'status',
      'first',
      'name',
      'id',
      'product',
      'created',
      'by',
      'count',
      'address',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }), (list) => {
        const [first, ...others] = spellings.map((spell) => categoryOf(spell(list)))
        for (const other of others) expect(other).toEqual(first)
      }),
    )
  })

  it('takes any text, and ends soon', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 5 }), (names) => {
        categoryOf(names)
      }),
    )
    categoryOf('name'.repeat(100_000))
    categoryOf('住所'.repeat(100_000))
  })
})

describe('words', () => {
  it('are the same by the short way, which is for ASCII only', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.stringMatching(/^[a-eipv_46]+$/)),
        (text) => {
          expect([fold(`${text} é`), splitName(`${text} é`), wordsOf(`${text} é`)]).toEqual([
            `${fold(text)} e`,
            [...splitName(text), 'é'],
            [...wordsOf(text), 'e'],
          ])
        },
      ),
    )
  })
})

describe('the data', () => {
  it('stands as the code reads it: folded, one blank between words', () => {
    const lists = [
      ...KINDS.flatMap((kind) => [kind.words, kind.weak, kind.vague, kind.with, kind.parts]),
      ...Object.values(people),
      ...Object.values(SHORT_FORMS),
      FAINT,
    ]
    const phrases = lists.flatMap(listed)
    expect(phrases.length).toBeGreaterThan(2_000)
    expect(phrases.filter((phrase) => fold(phrase).trim().replace(/\s+/g, ' ') !== phrase)).toEqual([])
    expect(phrases).not.toContain('')
  })

  it('is met by any short form of a word in a phrase of several', () => {
    const short = KINDS.flatMap((kind) => listed(kind.words))
      .map((phrase) => phrase.split(' '))
      .filter((words) => words.length > 1)
      .flatMap((words) =>
        words.flatMap((word, i) =>
          (Object.hasOwn(SHORT_FORMS, word) ? listed(SHORT_FORMS[word]) : []).map((form) =>
            words.with(i, form).join('_'),
          ),
        ),
      )
    expect(short.length).toBeGreaterThan(300)
    expect(short.filter((name) => categoryOf(name)?.certain !== true)).toEqual([])
  })

  it('has no phrase that no name meets', () => {
    const dead = KINDS.flatMap((kind) =>
      listed(kind.words).filter((phrase) => categoryOf(phrase)?.certain !== true),
    )
    expect(dead).toEqual([])
    expect([...SUBJECTS, ...ROLES].filter((phrase) => categoryOf(phrase) === undefined)).toEqual([])
  })
})
