/** Turns the bytes of a string of the table of contents into text. */
export type Decode = (bytes: Buffer) => string;

/** Also for SQL_ASCII, which says nothing about its bytes: drivers read those as UTF-8, too. */
export const decodeUtf8: Decode = (bytes) => bytes.toString('utf8');

/** PostgreSQL's names of encodings, and the names that the WHATWG's encoding standard has for them. */
const LABELS: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'windows-1254',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
};

/**
 * How to read the strings behind an archive's entry ENCODING, which is among the first. An encoding without a decoder
 * (MULE_INTERNAL, EUC_TW) is read as UTF-8: names outside of ASCII are then not those of the database.
 *
 * @param definition such as `SET client_encoding = 'LATIN1';`
 */
export function decoderOf(definition: string | null): Decode {
  const name = /client_encoding = '(\w+)'/.exec(definition ?? '')?.[1] ?? 'UTF8';
  if (name === 'LATIN1') return (bytes) => bytes.toString('latin1');
  const label = LABELS[name];
  if (label === undefined) return decodeUtf8;
  const decoder = new TextDecoder(label);
  return (bytes) => decoder.decode(bytes);
}
