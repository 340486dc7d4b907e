/** Error codes of Node and undici → the short stable reason an attempt is recorded with. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect_refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answer_cut',
  UND_ERR_HEADERS_OVERFLOW: 'not_http',
  UND_ERR_CLOSED: 'client_closed',
  UND_ERR_DESTROYED: 'client_closed',
  UND_ERR_INVALID_ARG: 'request_invalid',
  EPROTO: 'tls',
};

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Names what went wrong below HTTP. `inAnswer`: the answer's headers had already come. */
export function reasonOfTransportError(error: Error, inAnswer: boolean): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (TLS_CODE.test(code)) return 'tls';
  // undici's parser error may come without a code.
  if (error.name === 'HTTPParserError') return inAnswer ? 'answer_cut' : 'not_http';
  const reason = REASONS[code] ?? 'transport_error';
  return inAnswer && reason === 'reset' ? 'answer_cut' : reason;
}
