/** Names of contact data: email, telephone, postal address, place, network address, device. */
import type { Kind } from '../kind.ts'

export const CONTACT: readonly Kind[] = [
  {
    category: 'user.contact.email',
    is: 'an email address',
    words: `email | emails | e mail | e mails | emailaddress | email address | mailaddress | mail address | mailadresse
      | emailadresse | smtp addr | from address | to address | cc address | bcc address | reply to | from email
      | courriel | courriels | adresse mail | correo | correos | correo electronico | correoelectronico
      | posta elettronica | indirizzo mail | adres email | adresemail | poczta elektroniczna | e post | epost
      | epostadress | sahkoposti | eposta | e posta | mailadres | emailadres | эл почта | электронная почта | почта
      | емейл | имейл | ел пошта | メール | メールアドレス | メアド | 邮箱 | 电子邮件 | 이메일 | ηλεκτρονικο ταχυδρομειο
      | البريد الإلكتروني
      | mailto | thu dien tu | דואר אלקטרוני | דואל | דוא ל | אימייל | אי מייל | อีเมล | อีเมล์ | ईमेल | ई मेल`,
    weak: `mail | pec | mel
      | מייל`,
    parts: 'address | addr | primary | secondary | work | home | personal | adresse',
  },
  {
    category: 'user.contact.fax_number',
    is: 'a fax number',
    words: 'fax | faxes | fax number | faxnummer | telefax | faxnumber | факс | ファックス | 传真 | 팩스',
  },
  {
    category: 'user.contact.phone_number',
    is: 'a telephone number',
    words: `phone | phones | telephone | telephones | phonenumber | telephonenumber | phone number | mobile number
      | mobilenumber | cell number | cellphone | cell phone | home phone | work phone | office phone | msisdn | whatsapp | contact number | caller id
      | caller number | sms number | landline | telecom | telefon | telefonnummer | telefonnr | rufnummer
      | mobilnummer | mobiltelefon | handynummer | handynr | festnetz | tel portable | telf | telefono | telefonos
      | numero de telefono | celular | movil | numero movil | telefone | telemovel | cellulare | recapito telefonico
      | nr telefonu | numer telefonu | tel komorkowy | telefon komorkowy | komorka | telefoon | telefoonnummer
      | mobielnummer | mobiltel | puhelin | puhelinnumero | matkapuhelin | telefonu | cep telefonu | телефон | телефона
      | телефоны | мобильный | моб тел | τηλεφωνο | 電話 | 電話番号 | 携帯電話 | 携帯番号 | 手机 | 手机号 | 电话 | 전화
      | 전화번호 | 휴대폰 | هاتف
      | so dien thoai | dien thoai | sodienthoai | dienthoai | sdt | so di dong | טלפון | נייד | פלאפון | โทรศัพท์ | เบอร์โทร | เบอร์โทรศัพท์
      | หมายเลขโทรศัพท์ | มือถือ | เบอร์มือถือ | फ़ोन | फोन | मोबाइल | दूरभाष`,
    weak: 'mobile | mobil | cell | tel | handy | portable | gsm | ani | тел',
    parts: 'number | no | value | home | work | mobile | cell | primary | national | international | e',
  },
  {
    category: 'user.device.ip_address',
    is: 'an IP address',
    words: `ip address | ip addresses | ipaddress | ipaddr | ip addr | remote addr | remote address | client ip
      | clientip | remote ip | source ip | src ip | user ip | browser ip | customer ip | purchase ip | login ip
      | signup ip | last ip | x forwarded for | forwarded for | real ip | adresse ip | direccion ip | indirizzo ip
      | endereco ip | adres ip | ipadresse | ip адрес | ipアドレス`,
    weak: 'ip | ips',
    with: 'at | last',
  },
  {
    category: 'user.device',
    is: 'what a browser or device says of itself',
    words: `user agent | useragent | browser fingerprint | device fingerprint | canvas fingerprint | device name
      | computer name | machine name | user fingerprint`,
    weak: 'fingerprint | ua',
  },
  {
    category: 'user.device.device_id',
    is: 'the identifier of a device or browser',
    words: `device id | device ids | deviceid | device uuid | device udid | device identifier | device serial
      | device token | push token | fcm token | apns token | advertising id | advertiser id | ad id | advertisingid
      | idfa | idfv | gaid | aaid | maid | imei | imsi | iccid | meid | udid | android id | mac address | mac addr
      | macaddress | installation id | install id | browser id | device vendor id | click id | gclid | fbclid
      | msclkid | cookie id | client cookie | anonymous id | anon id | 端末id | デバイスid | 设备id
      | adid`,
    weak: 'cookie | cookies | mac | device key',
  },
  {
    category: 'user.location.precise',
    is: 'a precise place',
    words: `what words | whatwords | plus code | pluscode | latitude | longitude | latlon | latlng | lat lon | lat lng | lat long | gps | geolocation | geo location
      | geopoint | geohash | coordinates | gps position | breitengrad | langengrad | latitud | longitud | latitudine
      | longitudine | szerokosc geograficzna | dlugosc geograficzna | широта | долгота | 緯度 | 経度 | 纬度 | 经度`,
    weak: 'lat | lon | lng | coords | geo | w w',
    parts: 'lat | lon | lng | long | x | y',
  },
  {
    category: 'user.contact.address.postal_code',
    is: 'a postcode',
    words: `zipcode | zip code | zipcodes | postcode | post code | postal code | postalcode | postal | plz
      | postleitzahl | pstlz | code postal | codepostal | codigo postal | codigopostal | codice postale
      | codice avviamento postale | kod pocztowy | kodpocztowy | postnummer | postnr | postcode | psc | iranyitoszam
      | postinumero | posta kodu | pincode | pin code | eircode | индекс | почтовый индекс | 郵便番号 | 邮编 | 邮政编码
      | 우편번호 | ταχυδρομικος κωδικας
      | ma buu chinh | ma buu dien | מיקוד | รหัสไปรษณีย์ | पिन कोड | पिनकोड | डाक कोड`,
    weak: 'zip | cp | cep | cap | zips',
    notById: true,
  },
  {
    category: 'user.contact.address.city',
    is: 'a town or city',
    words: `city | cities | town | municipality | suburb | locality | hometown | wohnort | stadt | ortschaft | ville
      | ciudad | localidad | cidade | bairro | barrio | citta | miasto | miejscowosc | woonplaats | kaupunki
      | город | населенный пункт | місто | πολη | 市区町村 | 都市 | 城市 | 도시
      | thanh pho | quan huyen | phuong xa | עיר | เมือง | อําเภอ | ตําบล | शहर | नगर`,
    weak: 'ort | commune | comune | localite | plaats | mesto | sehir | district',
    notById: true,
  },
  {
    category: 'user.contact.address.state',
    is: 'a state or province',
    words: `province | provincia | bundesland | kanton | prefecture | wojewodztwo | powiat | gmina | departamento
      | область | регион проживания | 都道府県
      | tinh thanh | จังหวัด | राज्य`,
    vague: 'state | region | county | departement | estado | prov | regione | land',
    notById: true,
  },
  {
    category: 'user.contact.address.country',
    is: 'a country',
    words: 'residence country | country of residence | wohnsitzland | pays de residence',
    with: 'iso | code',
    vague:
      'country | countries | pays | pais | paese | kraj | nation | страна | 国 | 国家 | 국가 | country code',
    notById: true,
  },
  {
    category: 'user.contact.address.street',
    is: 'a postal address',
    words: `address | addresses | addr | street | streets | street address | streetaddress | address line
      | house number | housenumber | housename | residence | strasse | strassenname | stras | str nr | hausnummer
      | hausnr | anschrift | adresse | adressen | adresszeile | lieferadresse | rechnungsadresse | wohnadresse
      | postanschrift | calle | direccion | domicilio | rua | endereco | logradouro | morada | indirizzo | indirizzi
      | numero civico | residenza | ulica | nr domu | numer domu | nr mieszkania | adres | adresy | straat
      | straatnaam | huisnummer | adresgegevens | gatuadress | gata | gateadresse | vejnavn | osoite | katuosoite
      | adress | adresa | ulice | utca | cim sor | adresi | адрес | адреса | улица | дом квартира | вулиця | διευθυνση
      | 住所 | 所在地 | 番地 | 地址 | 街道 | 주소 | عنوان
      | apartment number | flat number | door number | dia chi | diachi | so nha | כתובת | רחוב | מספר בית | מספר דירה | ที่อยู่ | บ้านเลขที่
      | ถนน | पता | मकान नंबर | मकान संख्या`,
    weak: 'rue | via | str | ul | place of residence',
    parts: `line | lines | street | streets | number | house | no | unit | apartment | apt | suite | block | building
      | first | second | full | formatted | freeform | value | text | extra | complement`,
    notById: true,
  },
  {
    category: 'user.contact.organization',
    is: 'the employer or organisation of a person',
    words: `employer | employers | workplace | company of contact | arbeitgeber | employeur | empleador | empregador
      | datore di lavoro | datore lavoro | pracodawca | werkgever | arbetsgivare | работодатель | место работы
      | 勤務先 | 雇用主`,
    vague: `company | organization | organisation | firma | entreprise | empresa | azienda | bedrijf | компания | 会社`,
    notById: true,
  },
  {
    category: 'user.contact.url',
    is: 'an address of a person on the web',
    words: `linkedin | twitter handle | twitterhandle | facebook profile | instagram | facebook url | twitter url
      | profile url | profile link | social profile | social profiles | personal website | personal url | github login | skype | telegram
      | discord id | wechat | line id | xing | mastodon | homepage url of person`,
    weak: `twitter | facebook | fb | tiktok | snapchat | weibo | vkontakte | viber | kakaotalk | bluesky | zalo`,
    vague: 'website | homepage',
    with: 'id | url | uri | link | profile | page | username | user | name | handle | login | nick | number',
    parts: 'url | name | id | username | link | handle',
  },
]
