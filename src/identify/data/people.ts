/** Words for people, and the words around them. Latin words are folded: no marks. */

/** Whose data it is, most often: `customer_id` is theirs. */
export const SUBJECTS = `
customer | customers | cust | user | users | usr | member | members | patient | patients | client | clients
| subscriber | subscribers | player | guest | guests | person | persons | people | visitor | visitors | individual
| individuals | student | students | pupil | citizen | resident | policyholder | insured | consumer | shopper | donor
| voter | traveler | traveller | passenger | passengers | account | accounts | acct | contact | contacts | lead | leads
| kunde | kunden | kundin | kd | patientin | benutzer | nutzer | teilnehmer | mitglied | versicherter | gast | kunnr
| schuler | schulerin | mandant | mandantin | versicherungsnehmer | kundinnen | patientinnen
| patienten | klienten | mandanten | studenten | versicherten | mitglieds | mitglieder
| utilisateur | utilisateurs | adherent | assure | usuario | usuarios | cliente | clientes | paciente | pacientes
| socio | utente | utenti | clienti | paziente | pazienti | klient | klienci | klienta | pacjent | pacjenci | pacjenta
| uzytkownik | uzytkownika | klant | klanten | gebruiker | kund | anvandare | asiakas | musteri | zakaznik
| клиент | клиента | пользователь | пользователя | пациент | пациента | абонент | покупатель
| 顧客 | お客様 | 会員 | 患者 | 利用者 | ユーザー | 用户 | 客户 | 会员 | 고객 | 회원 | 사용자
| khach hang | nguoi dung | benh nhan | לקוח | הלקוח | משתמש | המשתמש | ลูกค้า | ผู้ใช้ | ผู้ป่วย | ग्राहक | उपयोगकर्ता | मरीज
`

/** The part that a person has beside the event: `agent`, `assignee`. */
export const ROLES = `
owner | owners | agent | agents | assignee | assignees | reporter | reporters | creator | creators | author | authors
| recipient | recipients | sender | senders | buyer | buyers | seller | sellers | driver | drivers | rider | riders
| employee | employees | staff | worker | manager | managers | supervisor | boss | doctor | doctors | physician
| physicians | nurse | nurses | practitioner | practitioners | therapist | dentist | teacher | instructor | coach
| applicant | applicants | candidate | candidates | beneficiary | beneficiaries | payer | payee | payor | holder
| cardholder | spouse | mother | father | guardian | relative | next of kin | kin | approver | approvers | reviewer
| reviewers | requester | requestor | submitter | cashier | clerk | salesperson | sales rep | representative
| account executive | executive | consultant | advisor | adviser | attorney | lawyer | witness | victim | suspect
| defendant | plaintiff | watcher | watchers | participant | participants | attendee | attendees | invitee | invitees
| organizer | friend | friends | follower | followers | colleague | collaborator | collaborators | contributor
| contributors | moderator | actor | actors | who | signer | signatory | landlord | lender | borrower | debtor
| creditor | heir | courier | caller | callee | performer | asserter | recorder | attending | referring | enrollee
| tutor | tutors | wife | husband | daughter | brother | sister | nanny
| household | assistant | account holder | inviter | referee | dependents | dependent | gp | tenant name
| ansprechpartner | sachbearbeiter | bearbeiter | empfanger | absender | mitarbeiter | hausarzt | arzt | inhaber
| kontoinhaber | karteninhaber | besitzer | eigentumer | betreuer | fahrer | verkaufer | kaufer | vertreter | ersteller
| angestellter | behandler | auftraggeber | begunstigter | zahlungsempfanger | zahlungspflichtiger
| ehepartner | mutter | vater | ernam | aenam | pernr | antragsteller | kontaktperson
| destinataire | expediteur | titulaire | proprietaire | medecin | employe | vendeur | acheteur | conducteur
| responsable | conjoint | representant | auteur | beneficiaire | mere | pere
| destinatario | remitente | titular | propietario | medico | empleado | vendedor | comprador | conductor | autor
| contacto | madre | padre | beneficiario | responsavel | funcionario | proprietario | motorista | mae | pai | remetente
| intestatario | mittente | dipendente | titolare | venditore | autista | coniuge | referente
| odbiorca | nadawca | wlasciciel | lekarz | pracownik | sprzedawca | opiekun | kierowca | matka | ojciec | malzonek
| ontvanger | eigenaar | medewerker | huisarts | verkoper | chauffeur | moeder | vader | mottagare | agare
| владелец | получатель | отправитель | врач | сотрудник | менеджер | водитель | автор | ответственный
| 担当者 | 担当 | 受取人 | 宛名 | 宛先 | 医師 | 所有者 | 作成者 | 届け先 | 收件人 | 负责人 | 医生 | 담당자 | 수취인
`

/** Of people, and of programs too: alone they speak of people, behind a word for a thing they may not. */
export const OFTEN_PROGRAMS = `
client | clients | user | users | driver | drivers | manager | managers | agent | agents | account | accounts | acct
| holder | member | members | contact | contacts | lead | leads | host | worker | reporter | recorder | collaborator
| guest | actor | actors | owner | owners | handle | individual
`

/** A word for people, and too common alone. */
export const VAGUE_PEOPLE =
  'account | accounts | acct | lead | leads | holder | household | staff | attending | referring'

/** Of people where a word for their value stands beside; else of trees and processes: `child_name`, and not `child_id`. */
export const KIN = 'child | children | childs | kid | kids | son | sibling | siblings | kinder'

/** Speak of people only beside a generic member: FHIR's `subject.display`, `individual.reference`. */
export const REFERRED = 'subject | individual | party'

/** Words that, in front, name the person who did it: `created by`, `erstellt von`. */
export const BY = 'by | von | par | por | da | przez | door | av | af'

/** Before `by`, these do not speak of people. */
export const NOT_BY = `sort | sorted | order | ordered | group | grouped | filter | filtered | caused | triggered
| blocked | powered | divided | multiplied | increment | incremented | step | stand | partition | partitioned | keyed
| limited | split | due | expires | valid | used | required | supported | indexed | backed | followed`

/** Stand before or behind a word for a person, a name or a contact and change nothing. */
export const AROUND = `
billing | billed | bill | shipping | ship | delivery | mailing | home | work | office | business | private | personal
| primary | secondary | main | default | alternate | alternative | other | emergency | current | previous | former | new
| old | preferred | raw | full | real | legal | hs | the | of | for | my | all | and | or | card | account | bank
| invoice | supplied | from | to | reply | additional | calculated | verified | external | internal | original | last
| first | modified | tax | point | contact | case | opportunity | project | sales | hiring | care | general | customer
| s | x | y | z | me | self | signup | registered | remote | client | browser | source | src | peer | acceptance
| purchase | login | evidence | web | public | device | domain | network | apple | google | android | requested
| request | requests | end | de | di | del | della | do | dos | du | des | d | la | le | el | les | i | e | et | der
| die | das | an | und | van | rechnungs | rechnung | liefer | kontakt | privat | geschafts | facturation | livraison
| traitant | traitante | curante | compte | conto | cuenta | conta | konta | facturacion | envio | cobranca | entrega | fatturazione | spedizione | korespondencji | zamieszkania | dostawy
| של | का | की | के
`

/** Words for an identifier. */
export const IDS = `
id | ids | uid | uuid | guid | key | keys | no | nr | num | number | numbers | ref | reference | identifier
| identifiers | code | hash | pseudoid | kennung | nummer | numero | num | numer | numeru | codigo | codice | cislo | номер | код
| 番号 | コード | 编号 | 번호 | מספר | מזהה | หมายเลข | เลขที่ | รหัส | संख्या | नंबर
`

/** Words for an identifier that are a number: they may stand behind any word for a value. */
export const NUMBERED = `
number | numbers | no | nr | num | nummer | numero | numer | code | номер | 番号 | מספר | หมายเลข | संख्या | नंबर
`

/** In front of a word for people these count them: `no_users`. */
export const COUNTS = 'num | number | no | nr | numero'

/** Behind a word these name something else by its identifier: `city_id`. */
export const ID_ONLY = 'id | ids | uuid | guid | key | keys'

/** Words for an identifier that are a person's where nothing else stands beside. */
export const OWN_IDS = 'uid | uids'

/** Beside those, or around them, these speak of the one who acts. */
export const ACTING =
  'auth | oauth | sso | ldap | login | session | context | claims | jwt | firebase | posix | request'

/** Stand between a word for a person and one for an identifier. */
export const WITHIN_IDS = `pseudo | anonymous | anon | unique | external | internal | global | legacy | multipass
| public | hashed | original | source | sub | object`

/** Below these a member is what it would be without them. */
export const WRAPPERS = `
data | payload | attributes | fields | traits | before | after | record | records | body | details | detail | info | row
| values | result | results | response | document | doc | entity | resource | root | custom fields | custom_fields | old
| new | profile | identity | personal | demographics
`

/** Of these, those whose members are of a person, whatever stands around. */
export const OF_A_PERSON = 'traits | personal | demographics'

/** Behind the words of a container they say nothing: `customer_details` is a customer. */
export const WRAPPING =
  'details | detail | info | information | data | profile | attributes | fields | traits | record'

/** Members that are their container's value. */
export const GENERIC = `
value | values | display | text | raw | string | content | formatted | original | normalized | plain | clear | str
| display value
`

/** What stands behind a personal word and takes it back: `email_status`, `phone_model`. */
export const TAKEN_BACK = `
type | types | kind | kinds | status | statuses | count | counts | total | totals | version | versions | model | models
| brand | enabled | disabled | verified | verification | verify | valid | validated | validity | validation | invalid
| confirmed | confirmation | opt | optin | optout | consent | consents | subscribed | subscription | subscriptions
| unsubscribed | unsubscribe | bounce | bounced | bounces | sent | delivered | opened | opens | clicked | clicks
| template | templates | format | length | size | domain | provider | providers | method | methods | mode | service
| services | server | port | category | categories | segment | segments | tier | plan | level | levels | score | scores
| rank | ranking | rating | rate | rates | ratio | percent | percentage | avg | average | sum | min | max | median
| position | index | idx | order | orders | sequence | seq | group | groups | role | roles | permission | permissions
| policy | policies | setting | settings | preference | preferences | config | configuration | feature | features | flag
| flags | event | events | at | date | time | timestamp | tstamp | ts | created | updated | changed | modified | expired
| expires | expiry | expiration | duration | seconds | ms | minutes | hours | days | ttl | limit | quota | population
| required | optional | visible | hidden | attempts | attempt | failures | failed | errors | error | log | logs
| manufacturer | os | app | apps | build | campaign | campaigns | medium | channel | channels | queue | topic | table
| file | column | class | schema | strength | check | checks | checked | theme | width | height | currency | price
| amount | cost | fee | tax | revenue | lookup | tracking | source | list | lists | used | usage | tokens | opening
| tracker | engagement | open | present | exists | missing | match | matched | matches | coverage | precision | accuracy
| distance | radius | bucket | timezone | tz | zone | offset | name tracker | step | steps | stage | state code | prefix
| response | responses | result | results | reason | reasons | restriction | override | outcome
| typ | statut | estatus | stato | anzahl | liczba | art | uhrzeit | zeitpunkt | тип | статус | количество
`

/** What stands in front and takes it back: `is_mobile`, `has_email`, `num_contacts`, `tipo_direccion`. */
export const TAKEN_BACK_IN_FRONT = `
is | has | was | can | should | needs | needed | show | allow | allows | allowed | accepts | accept | enable | disable
| require | requires | count | total | max | min | avg | average | number of | num of | percent | pct | cache | time
| days | hours | seconds | tipo | typ | rodzaj | liczba | anzahl | estado | statut | nombre de | cantidad | quantidade
| unsubscribed | subscribed | marked | opted | blocked | muted | numero de | tokens | emails sent | hat | ist | test
`

/** A name of these is not a name of a person: `product.display_name`. */
export const THINGS = `
product | products | item | items | line | sku | app | application | campaign | brand | store | shop | category
| categories | event | events | page | screen | library | os | browser | model | plan | table | file | column | class
| method | service | topic | queue | repo | repository | channel | playlist | song | album | movie | game | warehouse
| facility | course | collection | variant | promotion | experiment | feature | template | tag | label | job | host
| schema | database | index | theme | creative | package | module | function | metric | report | dashboard | workflow
| task | step | stage | rule | policy | pipeline | process | environment | region | country | city | language | status
| type | role | permission | group | team | department | vendor | supplier | merchant | affiliation | carrier
| option | options | manufacturer | server | node | broker | cluster | pod | container | network | traffic | tracker | coding | code | codes | unit | currency | query | list
`

/** Whose these are, a person is: `billing_name`, `shipping.phone`. */
export const DELIVERED =
  'billing | bill | billed | shipping | ship | delivery | mailing | card | rechnungs | liefer'

/** Beside the words above, they make a container of a person: `billing_details`, `shipping_address`. */
export const DELIVERED_AS =
  'address | addresses | details | detail | info | contact | to | customer | default'
