import { requireObject, requireText } from '../read-fields.ts';
import type { Operation } from './operation.ts';

export const auth: Operation = {
  name: 'auth',
  method: 'POST',
  path: '/sandbox/auth',
  access: 'key',
  run: ({ access }, { body }) => {
    const fields = requireObject(body, 'the body');
    const accessToken = access.issueToken(
      requireText(fields, 'clientId'),
      requireText(fields, 'clientSecret'),
    );
    return { accessToken, tokenType: 'Bearer', expiresIn: access.tokenLifetimeS };
  },
};
