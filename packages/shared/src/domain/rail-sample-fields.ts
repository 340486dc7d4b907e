import type { Direction, RailType } from './rails.ts';

/** What stands under a rail's key, and beside it, in a sample of one direction. */
interface SampleFields {
  own: Readonly<Record<string, unknown>>;
  beside?: Readonly<Record<string, unknown>>;
}

const pages = {
  successUrl: 'https://shop.example/orders/1001/success',
  failedUrl: 'https://shop.example/orders/1001/failed',
};

const person = { firstName: 'Jane', lastName: 'Doe', email: 'jane@example.com' };
const american = { ...person, documentNumber: '123-45-6789', documentType: 'SSN' };
const colombian = { ...person, documentNumber: '1000000000', documentType: 'CC', phoneNumber: '3001234567' };
const european = { ...person, documentNumber: 'X1234567', documentType: 'PASSPORT' };
const bankUsd = { routingNumber: '021000021', bank: { accountNumber: '123456789' }, customer: american };

const wallet = { own: { address: '0x52908400098527886E0F7030069857D2E4169EE7', network: 'POLYGON' } };
const daviplata = { own: { customer: colombian } };
const nequi = { own: { customer: { phoneNumber: '3001234567', email: 'jane@example.com' } } };
const ach = { own: { ...bankUsd, accountType: 'CHECKING', accountHolderType: 'INDIVIDUAL' } };

/** A filled-in node of every rail in every direction it goes, except ACCOUNT, whose samples name accounts. */
export const SAMPLE_FIELDS: Readonly<
  Record<Exclude<RailType, 'ACCOUNT'>, Partial<Record<Direction, SampleFields>>>
> = {
  BANK_ACCOUNT: {
    out: {
      own: {
        accountNumber: '0312345678',
        bank: 'BANCOLOMBIA',
        currency: 'COP',
        typeAccount: 'SAVINGS',
        accountHolder: 'Jane Doe',
        accountHolderDni: '1000000000',
        country: 'CO',
      },
      beside: { customer: { ...person, documentNumber: '1000000000', country: 'COL' } },
    },
  },
  CRYPTO: { in: wallet, out: wallet },
  CARD: { in: { own: { token: 'tok_4f2a9c', holder: 'Jane Doe' } } },
  PIX: {
    in: { own: { ...pages, customer: { ...person, documentNumber: '52998224725' } } },
    out: { own: { pixKeyType: 'EMAIL', pixKey: 'jane@example.com' } },
  },
  PCT: {
    in: {
      own: {
        ...pages,
        customer: { email: 'jane@example.com', phoneNumberPrefix: '54', phoneNumber: '1123456789' },
      },
    },
  },
  CVU: { in: { own: {} } },
  ETPAY: { in: { own: { ...pages, customer: { firstName: 'Jane', email: 'jane@example.com' } } } },
  FINTOC: { in: { own: {} } },
  WEBPAY: { in: { own: { customer: person } } },
  SPEI: {
    in: { own: { customer: { firstName: 'Jane', lastName: 'Doe' } } },
    out: { own: { clabe: '032180000118359719', customer: { firstName: 'Jane', lastName: 'Doe' } } },
  },
  PSE: { in: { own: { bankId: '1007', customer: colombian } } },
  BANCOLOMBIA: { in: { own: { customer: { email: 'jane@example.com' } } } },
  DAVIVIENDA: { in: { own: { customer: { email: 'jane@example.com' } } } },
  DAVIPLATA: { in: daviplata, out: daviplata },
  NEQUI: { in: nequi, out: nequi },
  BREB: {
    out: {
      own: { bankId: '1007', accountNumber: '0312345678', accountType: 'SAVINGS', customer: person },
    },
  },
  WOMPI: {
    in: {
      own: {
        redirectUrl: 'https://shop.example/orders/1001',
        customer: { firstName: 'Jane', email: 'jane@example.com' },
      },
    },
  },
  PAGO_MOVIL: { in: { own: { bankId: '0102', customer: { ...person, phoneNumber: '4121234567' } } } },
  LIGO: { in: { own: { customer: person } } },
  SIP: { in: { own: { customer: person } } },
  ACH: { in: ach, out: ach },
  WIRE: {
    out: { own: { swiftCode: 'CHASUS33', bank: { accountNumber: '123456789' }, customer: american } },
  },
  FEDNOW: { in: { own: bankUsd }, out: { own: bankUsd } },
  RTP: { in: { own: bankUsd }, out: { own: bankUsd } },
  SEPA: { out: { own: { iban: 'DE89370400440532013000', bic: 'COBADEFFXXX', customer: european } } },
  SWIFT: {
    out: {
      own: {
        swiftCode: 'DEUTDEFF',
        bank: { accountNumber: '0532013000', name: 'Deutsche Bank' },
        customer: european,
      },
    },
  },
  FPE: { out: { own: { accountNumber: '31926819', sortCode: '601613', customer: person } } },
};
