/** Names of what a person is called, is, believes and has. */
import type { Kind } from '../kind.ts'

export const PERSON: readonly Kind[] = [
  {
    category: 'user.content.self_image',
    is: 'a picture of a person',
    words: `avatar | avatars | avatar url | avatar urls | selfie | headshot | profile picture | profile photo
      | profile image | profile pic | portrait photo | passport photo | user photo | user image | signature image
      | profilbild | foto de perfil | zdjecie profilowe | аватар | фото | 顔写真 | 头像`,
    weak: 'photo | photos | foto | picture | signature | portrait',
    with: 'url | urls | image | link',
    parts: 'url | urls | link | image | content | src | href | uri',
  },
  {
    category: 'user.authorization.biometric',
    is: 'a biometric feature',
    words:
      'voiceprint | faceprint | face id | face embedding | retina scan | iris scan | biometric | biometrics',
  },
  {
    category: 'user.demographic',
    is: 'a place of birth',
    words: `place of birth | birth place | birthplace | birth city | city of birth | birth country | country of birth
      | geburtsort | geburtsland | lieu naissance | lieu de naissance | lugar nacimiento | lugar de nacimiento
      | local nascimento | naturalidade | luogo nascita | luogo di nascita | miejsce urodzenia | geboorteplaats
      | место рождения | 出生地 | 出身地`,
    notById: true,
  },
  {
    category: 'user.demographic.date_of_birth',
    is: 'a date of birth',
    words: `birth | birthdate | birthdates | birthday | birthdays | dob | yob | born | date of birth | year of birth
      | geburtsdatum | geburtstag | geburtsjahr | geburt | gebdat | gbdat | geb datum | naissance | date naissance
      | nacimiento | fecha nacimiento | nascimento | data nasc | dt nasc | nascita | data nascita | urodzenia
      | data urodzenia | geboortedatum | geboorte | fodelsedatum | fodselsdato | datum narozeni | narozeni
      | dogum tarihi | syntymaaika | рождения | дата рождения | народження | ημερομηνια γεννησης | 生年月日 | 誕生日
      | 出生日期 | 生日 | 생년월일
      | bdate | bday | bdt | b date | b day | ngay sinh | ngaysinh | nam sinh | תאריך לידה | วันเกิด | วันเดือนปีเกิด | जन्म तिथि
      | जन्मतिथि | जन्म तारीख | जन्मदिन | जन्म दिनांक`,
    with: 'date | day | month | year | time | of | at | country',
    parts: 'date | year | month | day | value',
  },
  {
    category: 'user.demographic.age_range',
    is: 'an age',
    words: `age group | agegroup | age band | age range | age bracket | age years | age at event | user age
      | altersgruppe | lebensalter | tranche d age | edad | faixa etaria | wiek | leeftijd | возраст | 年齢 | 年代 | 年龄
      | 나이`,
    weak: `age | ages | alter | idade
      | tuoi | גיל | อายุ | आयु | उम्र`,
    with: 'group | range | years | at',
  },
  {
    category: 'user.demographic.gender',
    is: 'a gender',
    words: `gender | genders | gender identity | genderidentity | pronouns | salutation | honorific | geschlecht
      | anrede | sexe | civilite | sexo | genero | tratamiento | sesso | plec | geslacht | aanhef | pohlavi | cinsiyet
      | sukupuoli | стать | φυλο | 性別 | 敬称 | 性别 | 성별
      | gioi tinh | gioitinh | מגדר | เพศ | लिंग`,
    weak: 'sex | kon | kjonn | пол',
  },
  {
    category: 'user.demographic.marital_status',
    is: 'a marital status',
    words: `marital | marital status | maritalstatus | relationship status | civil status | familienstand
      | situation familiale | situation matrimoniale | etat civil | estado civil | stato civile | stan cywilny
      | burgerlijke staat | burgerlijkestaat | civilstand | rodinny stav | medeni hal | семейное положение | 婚姻
      | 配偶者の有無`,
    with: 'status',
  },
  {
    category: 'user.demographic.race_ethnicity',
    is: 'an ethnic origin',
    words: `ethnicity | ethnic | ethnic group | ethnicgroup | skin color | skin colour | ethnie | etnia | raca cor
      | etnicidad | ethnische herkunft | pochodzenie etniczne | национальность | 人種 | 民族`,
    weak: 'race | races | raza | raca',
    with: 'group | code',
  },
  {
    category: 'user.demographic.religious_belief',
    is: 'a religious belief',
    words: `religion | religions | religious | religious belief | religious affiliation | konfession
      | kirchensteuer | religionszugehorigkeit | confession religieuse | religione | religiao | wyznanie
      | religia | geloofsovertuiging | вероисповедание | религия | 宗教`,
    weak: 'faith | church | belief | kirche',
  },
  {
    category: 'user.demographic.political_opinion',
    is: 'a political opinion or membership of a union',
    words: `political | politics | political exposure | political party | political affiliation | party affiliation
      | voter registration | trade union | union member | union membership | gewerkschaft | parteizugehorigkeit
      | opinion politique | afiliacion politica | przynaleznosc partyjna | 支持政党`,
    vague: 'partei | parti politique',
    with: 'status | score',
  },
  {
    category: 'user.demographic.sexual_orientation',
    is: 'a sexual orientation',
    words: `sexual | sexual orientation | sexualorientation | sexuelle orientierung | orientation sexuelle
      | orientacion sexual | orientacja seksualna | 性的指向`,
  },
  {
    category: 'user.demographic',
    is: 'a nationality, or what the state says of a person',
    words: `nationality | nationalities | citizenship | citizenships | military status | veteran status
      | veteran | staatsangehorigkeit | staatsburgerschaft | nationalitat | nationalite | nacionalidad | nacionalidade
      | nazionalita | cittadinanza | obywatelstwo | narodowosc | nationaliteit | medborgarskap | гражданство | 国籍
      | 국적`,
    with: 'status | country | code',
  },
  {
    category: 'user.health_and_medical',
    is: 'a matter of health',
    words: `diagnosis | diagnoses | diagnose | diagnostic code | icd | disease | diseases | illness | symptom | symptoms
      | medication | medications | medicine taken | prescription | prescriptions | allergy | allergies | disability
      | disabilities | pregnant | pregnancy | hiv | blood type | blood group | blood pressure | medical history
      | medical condition | health condition | vaccination | vaccinations | immunization status | deceased
      | date of death | cause of death | smoking status | medicationcodeableconcept | krankheit | krankheiten
      | medikament | medikamente | medikation | allergien | behinderung | schwanger | schwangerschaft
      | befund | befunde | anamnese | erkrankung | erkrankungen | therapie | therapien | impfung | impfstatus
      | pflegegrad | pflegestufe | raucher | smoker | fumeur | fumador | blutgruppe | maladie | medicament | allergie
      | groupe sanguin | enfermedad | medicamento | alergia | alergias | discapacidad | grupo sanguineo | doenca
      | deficiencia | malattia | farmaco | disabilita | choroba | rozpoznanie | leki | niepelnosprawnosc | ziekte
      | medicatie | диагноз | болезнь | 病名 | 診断 | アレルギー | 诊断 | 疾病`,
    weak: 'health | medical | treatment | treatments | condition | drug | drugs | allergie | diagnostico',
    with: 'status | type | group | date | time | condition | history | code | codeable | concept | score',
    parts: 'text | name | condition | description | display | code | value | reason | note',
  },
  {
    category: 'user.criminal_history',
    is: 'a criminal record',
    words: `criminal record | criminal history | conviction | convictions | arrest record | vorstrafen
      | casier judiciaire | antecedentes penales | karalnosc | судимость`,
  },
  {
    category: 'user.job_title',
    is: 'an occupation',
    words: `job title | jobtitle | jobtitles | occupation | profession | beruf | berufsbezeichnung | stellenbezeichnung
      | intitule poste | profesion | cargo laboral | puesto de trabajo | ocupacion | profissao | professione | zawod
      | stanowisko | beroep | functietitel | yrke | meslek | профессия | должность | 職業 | 役職 | 职业 | 직업`,
    vague: 'job | title | position held | education | school | degree | funktion',
    notById: true,
  },
  {
    category: 'user.demographic.language',
    is: 'a language',
    words: 'native language | mother tongue | muttersprache | spoken language | langue maternelle',
    vague:
      'language | languages | locale | lang | sprache | langue | idioma | lingua | jezyk | taal | язык | 言語',
  },
  {
    category: 'user.account.username',
    is: 'a name of an account',
    words: `username | usernames | user name | login name | loginname | screen name | screenname | nickname | nicknames
      | benutzername | nutzername | nom utilisateur | nom d utilisateur | pseudonyme | nombre de usuario
      | nombre usuario | nome utente | nome de usuario | nome usuario | nazwa uzytkownika | gebruikersnaam
      | anvandarnamn | kullanici adi | gamertag | gamer tag | twitter username | имя пользователя | логин | ник
      | ユーザー名 | ユーザ名 | ニックネーム | 用户名 | 昵称 | 사용자명 | 닉네임
      | uname | ten dang nhap | ten nguoi dung | שם משתמש | ชื่อผู้ใช้`,
    weak: 'login | nick | handle | alias',
    but: `last login | first login | previous login | prev login | recent login | latest login | prior login`,
  },
  {
    category: 'user.name.first',
    is: 'a first name',
    words: `first name | firstname | first names | forename | forenames | given name | givenname | fname | prenom
      | prenoms | vorname | vornamen | rufname | imie | imiona | voornaam | voornamen | fornamn | fornavn | etunimi
      | jmeno | krestni jmeno | keresztnev | primer nombre | primeiro nome | nome proprio | middle name | middlename
      | second name | имя | імя | отчество | ονομα | 下の名前 | 名 | 名字
      | fnm | f name | mname | mnm | m name | middle initial | ten dem | שם פרטי | ชื่อจริง | ชื่อแรก | पहला नाम | प्रथम नाम`,
    weak: 'given | forname',
  },
  {
    category: 'user.name.last',
    is: 'a family name',
    words: `last name | lastname | last names | surname | surnames | family name | familyname | lname | maiden name
      | maidenname | maiden | nachname | nachnamen | familienname | geburtsname | nom de famille | nom famille
      | nom usage | nom d usage | nom de naissance | nom naissance | apellido | apellidos | primer apellido | sobrenome
      | apelido | ultimo nome | cognome | nazwisko | nazwiska | achternaam | tussenvoegsel | efternamn | etternavn
      | efternavn | sukunimi | prijmeni | vezeteknev | soyad | soyadi | soyisim | фамилия | прізвище | επωνυμο | 姓 | 苗字
      | lnm | l name | שם משפחה | นามสกุล | उपनाम | कुलनाम | सरनेम | अंतिम नाम`,
    weak: 'family',
    vague: `ho`,
  },
  {
    category: 'user.name',
    is: 'a name of a person',
    words: `full name | fullname | display name | displayname | legal name | legalname | preferred name | verified name
      | birth name | initials | from name | to name | reply to name | sender name | holder name | holdername | nombre completo | nombre y apellidos | nome completo
      | nome social | imie nazwisko | imie i nazwisko | ad soyad | patronymic | фио | ф и о | полное имя | ονοματεπωνυμο
      | 氏名 | 名前 | お名前 | フリガナ | ふりがな | 姓名 | 이름 | 성명 | الاسم
      | ho ten | ho va ten | hoten | שם מלא | ชื่อเต็ม | ชื่อสกุล | ชื่อนามสกุล | पूरा नाम`,
    weak: `name | names | naam | namen | nom | noms | nombre | nombres | nome | nomi | namn | navn | nimi | isim
      | emri | navnet
      | ten | שם | ชื่อ | नाम`,
    parts:
      'first | last | given | family | middle | full | text | display | prefix | suffix | formatted | value',
    notById: true,
  },
  {
    category: 'user.content.private',
    is: 'free text about or by a person',
    words:
      'transcript | transcripts | diary | biography | about me | patient note | clinical note | private message',
    vague: `comment | comments | note | notes | message | msg | body | description | feedback | remark | remarks | memo
      | bio | bemerkung | bemerkungen | kommentar | notiz | notizen | commentaire | remarque | observaciones | comentario
      | observacoes | verwendungszweck | remittance | remittance info | remittance information | nota | uwagi | komentarz | opmerking | комментарий | примечание | 備考 | 备注 | 비고`,
    notById: true,
  },
]
