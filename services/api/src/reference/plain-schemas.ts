/** What answers of every kind are made of. */
import { z } from 'zod';

export const count = z.int().min(0);
export const instant = z.string().meta({ format: 'date-time', description: 'RFC 3339, in UTC.' });
export const uuid = z.string().meta({ format: 'uuid' });
