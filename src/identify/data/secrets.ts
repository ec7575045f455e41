/** Names of credentials, of official numbers, and of money. Latin words are folded: no marks. */
import type { Kind } from '../kind.ts'

export const SECRETS: readonly Kind[] = [
  {
    category: 'user.authorization.credentials',
    is: 'a password or another secret',
    words: `password | passwords | passwd | pwd | passphrase | passcode | otp | totp | cvv | cvc | cvn | jwt
      | api key | apikey | access key | private key | secret key | signing key | access token | refresh token
      | auth token | bearer token | session token | csrf token | security answer | secret answer | security code
      | client secret | recovery code | backup code | passwort | kennwort | geheimzahl | mot de passe | motdepasse
      | contrasena | clave secreta | senha | palavra passe | parola d ordine | wachtwoord | losenord | adgangskode
      | passord | haslo | heslo | sifre | jelszo | salasana | пароль | паролю | κωδικος | パスワード | 暗証番号 | 密码
      | 비밀번호
      | mat khau | סיסמה | סיסמא | รหัสผ่าน | पासवर्ड`,
    weak: 'secret | token | credential | credentials | pin | auth',
  },
  {
    category: 'user.government_id.passport_number',
    is: 'the number of a passport',
    words: `passport | passport number | reisepass | passnummer | passeport | pasaporte | passaporte | passaporto
      | paszport | paspoort | pasnummer | паспорт | паспорта | パスポート | 旅券番号 | 护照 | 여권
      | ho chieu | דרכון | หนังสือเดินทาง | पासपोर्ट`,
  },
  {
    category: 'user.government_id.drivers_license_number',
    is: "the number of a driver's licence",
    words: `driver license | drivers license | driver licence | drivers licence | driving license | driving licence
      | license number | licence number | fuhrerschein | fuhrerscheinnummer | permis de conduire | permis conduire
      | licencia de conducir | carnet de conducir | carteira de motorista | cnh | patente di guida | patente guida
      | prawo jazdy | rijbewijs | korkort | водительское удостоверение | 運転免許 | 驾照
      | dl number | dln | giay phep lai xe | bang lai xe | רישיון נהיגה | ใบขับขี่`,
    with: 'number | no | state | country',
  },
  {
    category: 'user.government_id.vehicle_registration',
    is: 'the registration of a vehicle',
    words: `license plate | licence plate | number plate | plate number | vehicle registration | car registration
      | kennzeichen | kfz | nummernschild | immatriculation | plaque | matricula | targa | placa
      | numer rejestracyjny | nr rejestracyjny | tablica rejestracyjna | kenteken | registreringsnummer
      | госномер | номер автомобиля | ナンバープレート | 車両番号 | 车牌`,
    weak: 'plate | plates | vin | reg no',
  },
  {
    category: 'user.government_id.national_identification_number',
    is: 'an official number of a person',
    words: `ssn | social security | social insurance | sin number | national id | national identifier
      | national identification | national insurance | nino | citizen id | identity number | identity card
      | identity document | id card | personal code | personal identity | fiscal code | tax id | tax ids | taxid
      | tax number | taxpayer | tax identification | itin | aadhaar | aadhar | nric | hkid | tfn | individual id number
      | person id number | document number | personalausweis | ausweis | ausweisnummer | personalausweisnummer
      | steuernummer | steuerid | steuer id | steueridentifikationsnummer | sozialversicherung
      | sozialversicherungsnummer | svnr | rentenversicherungsnummer | ahv | securite sociale | num secu | numero secu
      | nir | dni | nif | nie | curp | cedula | cuil | cuit | documento identidad | documento de identidad
      | numero documento | seguridad social | cpf | titulo eleitor | titulo de eleitor | cartao sus | cns | pis
      | codice fiscale | codicefiscale | carta identita | carta d identita | pesel | nip | dowod osobisty | nr dowodu
      | numer dowodu | seria dowodu | bsn | burgerservicenummer | sofinummer | rijksregisternummer | personnummer
      | personnr | fodselsnummer | cpr | cprnummer | henkilotunnus | hetu | rodne cislo | rodnecislo | tc kimlik
      | tckn | kimlik no | kimlik | egn | oib | jmbg | cnp | amka | αφμ | снилс | инн | удостоверение личности
      | マイナンバー | 個人番号 | 身份证 | 주민등록번호 | 주민번호
      | npi | cccd | cmnd | can cuoc | can cuoc cong dan | chung minh nhan dan | תעודת זהות | תז | ת ז | מספר זהות
      | บัตรประชาชน | เลขประจําตัวประชาชน | आधार | पहचान पत्र | पैन नंबर | पैन कार्ड`,
    weak: `tin | rg | rut | rfc | nin | nss | documento | id number
      | sin`,
    with: 'number | no | last',
  },
  {
    category: 'user.government_id.immigration',
    is: 'the number of a visa or residence permit',
    words: `visa number | visa no | residence permit | work permit | green card | alien number | immigration
      | aufenthaltstitel | titre de sejour | permiso de residencia`,
    with: 'number | no | status',
  },
  {
    category: 'user.health_and_medical.record_id',
    is: 'a number of a patient or an insured person',
    words: `mrn | medical record | patient number | health card | health insurance | nhs number | medicare number
      | medicare id | medicaid id | insurance number | insurance member | policy holder number | versichertennummer
      | krankenversichertennummer | krankenversicherung | krankenkasse | versicherungsnummer | versicherten nr | kvnr
      | carte vitale | tarjeta sanitaria | tessera sanitaria | nr ubezpieczenia | 保険証番号 | 診察券番号`,
    weak: 'nhs | medicare | medicaid',
    with: 'number | no',
  },
  {
    category: 'user.unique_id',
    is: 'a number of an insured person or a member',
    words: `policy number | policy holder id | loyalty number | loyalty id | loyalty card | loyalty account
      | frequent flyer | frequent flyer number | membership number | rewards number`,
    weak: 'membership id | rewards id',
    with: 'number | no',
  },
  {
    category: 'user.unique_id',
    is: 'the identifier of a person',
    words: `login id | sso id | steam id | steamid | xbox id | psn id | distinct id | personalnummer | personal nr
      | matrikelnummer | matrikel nr | fallnummer | fall nr`,
    weak: 'openid | open id | unionid | subject id',
  },
  {
    category: 'user.financial.bank_account',
    is: 'a bank account',
    words: `iban | bank account | bankaccount | account number | accountnumber | account no | routing number
      | account iban | clabe | cbu | bankgiro | kontonummer | konto nr | kontonr | bankverbindung | bankkonto
      | compte bancaire | numero compte | numero de compte | cuenta bancaria | numero cuenta | numero de cuenta
      | conta corrente | conta bancaria | numero conta | conto corrente | numero conto | numer konta | nr konta
      | numer rachunku | nr rachunku | rekeningnummer | rekening | kontonummer | cislo uctu | счет | расчетный счет
      | 口座番号 | 银行账号 | 계좌번호
      | swift bic | swift code | bic code | bic swift | so tai khoan | חשבון בנק | מספר חשבון | บัญชีธนาคาร | เลขที่บัญชี | เลขบัญชี
      | खाता संख्या | खाता नंबर`,
    weak: `rib
      | bic | swift`,
  },
  {
    category: 'user.financial.credit_card',
    is: 'a payment card',
    words: `card number | cardnumber | card no | card num | credit card | creditcard | debit card | payment card
      | cc number | ccnum | cc num | card last | cc last | card fingerprint | card pan | kreditkarte
      | kreditkartennummer | kartennummer | karten nr | carte bancaire | numero carte | carte de credit
      | tarjeta de credito | numero tarjeta | numero de tarjeta | tarjeta | numero cartao | cartao de credito
      | carta di credito | numero carta | numer karty | nr karty | karta kredytowa | creditcardnummer | номер карты
      | クレジットカード | カード番号 | 银行卡 | 信用卡 | 카드번호`,
    weak: 'pan',
    with: 'number | no | last | fingerprint',
    parts: 'number | last | fingerprint | pan | no',
  },
  {
    category: 'user.financial',
    is: 'income, debt or wealth',
    words: `salary | salaries | wage | wages | payroll | annual income | household income | income | credit score
      | credit limit | credit rating | net worth | wealth | debt | debts | account balance | gehalt | lohn
      | bruttogehalt | nettogehalt | einkommen | schulden | schufa | salaire | revenu annuel | salario | sueldo
      | ingresos | renda | salario bruto | stipendio | reddito | wynagrodzenie | pensja | dochod | salaris | inkomen
      | lon brutto | зарплата | доход | 年収 | 給与 | 工资 | 收入 | 연봉`,
    weak: 'balance | deuda',
    with: 'score | limit | rating | balance | bracket | band | range | level | currency',
  },
]
