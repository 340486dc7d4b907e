/** A bank as `GET /payments/banks/{country}` shows it. */
interface Bank {
  code: string;
  name: string;
  countryCode: string;
}

const NAMES: Readonly<Record<string, readonly (readonly [code: string, name: string])[]>> = {
  ARG: [
    ['007', 'Banco Galicia'],
    ['011', 'Banco de la Nación Argentina'],
    ['319', 'Banco CMF'],
  ],
  BRA: [
    ['001', 'Banco do Brasil'],
    ['341', 'Itaú Unibanco'],
  ],
  CHL: [
    ['001', 'Banco de Chile'],
    ['012', 'BancoEstado'],
  ],
  COL: [
    ['1007', 'Bancolombia'],
    ['1051', 'Davivienda'],
    ['1507', 'Nequi'],
  ],
  MEX: [
    ['40012', 'BBVA México'],
    ['90646', 'STP'],
  ],
  PER: [['002', 'Banco de Crédito del Perú']],
  USA: [['021000021', 'JPMorgan Chase']],
  VEN: [['0102', 'Banco de Venezuela']],
};

/** A few banks of each country with rails that name one; other countries have none. Alpha-3. */
export function banksOf(countryCode: string): Bank[] {
  const names = Object.hasOwn(NAMES, countryCode) ? NAMES[countryCode] : undefined;
  return (names ?? []).map(([code, name]) => ({ code, name, countryCode }));
}
