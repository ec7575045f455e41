/**
 * Places for personas: a city, its state, its postcodes and the start of phone numbers there that reach no one, which
 * belong together. Published facts, written down here: faker's lists do not say which postcode is of which city.
 */

export interface PersonaPlace {
  readonly city: string
  readonly state: string
  /** `#` is any digit. */
  readonly postcodes: readonly string[]
  /** A range of `fake.phone`, as it is written there. */
  readonly phone: string
}

export type PersonaCountry = 'US' | 'FR' | 'DE'

/** Postcodes: the first three digits of a ZIP code (USPS, labelling list L002). Phones: area codes in service since 1947. */
const US = `New York|New York|100##|212
Buffalo|New York|142##|716
Philadelphia|Pennsylvania|191##|215
Pittsburgh|Pennsylvania|152##|412
Boston|Massachusetts|021##|617
Providence|Rhode Island|029##|401
Jersey City|New Jersey|073##|201
Washington|District of Columbia|200##|202
Charlotte|North Carolina|282##|704
Atlanta|Georgia|303##|404
Miami|Florida|331##|305
Birmingham|Alabama|352##|205
Memphis|Tennessee|381##|901
Louisville|Kentucky|402##|502
Columbus|Ohio|432##|614
Cleveland|Ohio|441##|216
Cincinnati|Ohio|452##|513
Indianapolis|Indiana|462##|317
Detroit|Michigan|482##|313
Grand Rapids|Michigan|495##|616
Milwaukee|Wisconsin|532##|414
Des Moines|Iowa|503##|515
Minneapolis|Minnesota|554##|612
Chicago|Illinois|606##|312
St. Louis|Missouri|631##|314
Kansas City|Missouri|641##|816
Wichita|Kansas|672##|316
Omaha|Nebraska|681##|402
New Orleans|Louisiana|701##|504
Little Rock|Arkansas|722##|501
Dallas|Texas|752##|214
Houston|Texas|770##|713
Denver|Colorado|802##|303
Boise|Idaho|837##|208
Salt Lake City|Utah|841##|801
Phoenix|Arizona|850##|602
Los Angeles|California|900##|213
San Francisco|California|941##|415
Sacramento|California|958##|916
Portland|Oregon|972##|503
Seattle|Washington|981##|206`

/** Postcodes: La Poste, base officielle des codes postaux. Phones: the five zones of the French numbering plan. */
const FR = `Paris|Île-de-France|75001,75004,75009,75011,75012,75015,75018,75020|1 99 00
Versailles|Île-de-France|78000|1 99 00
Rouen|Normandie|76000,76100|2 61 91
Caen|Normandie|14000|2 61 91
Rennes|Bretagne|35000,35200,35700|2 61 91
Brest|Bretagne|29200|2 61 91
Nantes|Pays de la Loire|44000,44100,44200,44300|2 61 91
Angers|Pays de la Loire|49000,49100|2 61 91
Le Mans|Pays de la Loire|72000,72100|2 61 91
Tours|Centre-Val de Loire|37000,37100,37200|2 61 91
Orléans|Centre-Val de Loire|45000,45100|2 61 91
Lille|Hauts-de-France|59000,59800|3 53 01
Amiens|Hauts-de-France|80000,80080|3 53 01
Reims|Grand Est|51100|3 53 01
Metz|Grand Est|57000,57050,57070|3 53 01
Nancy|Grand Est|54000,54100|3 53 01
Strasbourg|Grand Est|67000,67100,67200|3 53 01
Dijon|Bourgogne-Franche-Comté|21000|3 53 01
Besançon|Bourgogne-Franche-Comté|25000|3 53 01
Lyon|Auvergne-Rhône-Alpes|69001,69003,69005,69006,69007,69008|4 65 71
Grenoble|Auvergne-Rhône-Alpes|38000,38100|4 65 71
Saint-Étienne|Auvergne-Rhône-Alpes|42000,42100|4 65 71
Clermont-Ferrand|Auvergne-Rhône-Alpes|63000,63100|4 65 71
Marseille|Provence-Alpes-Côte d’Azur|13001,13004,13005,13008,13012|4 65 71
Nice|Provence-Alpes-Côte d’Azur|06000,06100,06200,06300|4 65 71
Toulon|Provence-Alpes-Côte d’Azur|83000,83100,83200|4 65 71
Montpellier|Occitanie|34000,34070,34080,34090|4 65 71
Nîmes|Occitanie|30000,30900|4 65 71
Toulouse|Occitanie|31000,31100,31200,31300,31400,31500|5 36 49
Bordeaux|Nouvelle-Aquitaine|33000,33100,33200,33300,33800|5 36 49
Limoges|Nouvelle-Aquitaine|87000,87100,87280|5 36 49
Pau|Nouvelle-Aquitaine|64000|5 36 49
Poitiers|Nouvelle-Aquitaine|86000|5 36 49
La Rochelle|Nouvelle-Aquitaine|17000|5 36 49`

/** Postcodes: Deutsche Post. Phones: only these five area codes have numbers for films. */
const DE = `Berlin|Berlin|10115,10117,10119,10178,10243,10245,10247,10249,10405,10437,10551,10623,10707,10785,10961,12043|30 23125
Hamburg|Hamburg|20095,20097,20099,20144,20146,20148,20249,20251,20253,20255,20357,20359,22041,22081,22301,22763|40 66969
Frankfurt am Main|Hessen|60311,60313,60314,60316,60318,60320,60322,60323,60325,60385,60431,60486,60594,60598|69 90009
München|Bayern|80331,80333,80335,80336,80337,80339,80469,80538,80539,80634,80797,80799,80801,81541,81667|89 99998
Köln|Nordrhein-Westfalen|50667,50668,50670,50672,50674,50676,50677,50678,50733,50823,50825,50931,50937,51063|221 4710`

const place =
  (before: string, behind: string) =>
  (line: string): PersonaPlace => {
    const [city, state, postcodes, phone] = line.split('|') as [string, string, string, string]
    return { city, state, postcodes: postcodes.split(','), phone: before + phone + behind }
  }

export const PERSONA_PLACES: Readonly<Record<PersonaCountry, readonly PersonaPlace[]>> = {
  US: US.split('\n').map(place('+1 ', ' 555 01')),
  FR: FR.split('\n').map(place('+33 ', ' ')),
  DE: DE.split('\n').map(place('+49 ', ' ')),
}

/** The country that a locale of names and streets is of, where `fake.phone` has numbers for it. */
export const PERSONA_COUNTRIES: Readonly<Record<string, string | undefined>> = {
  en: 'US',
  en_US: 'US',
  en_GB: 'GB',
  en_AU: 'AU',
  fr: 'FR',
  de: 'DE',
}
