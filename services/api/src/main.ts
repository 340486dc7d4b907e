import { runService } from '@capstan/shared/process/run-service';
import { buildApi } from './build-api.ts';
import { apiSettings } from './config.ts';

await runService('api', apiSettings, buildApi);
