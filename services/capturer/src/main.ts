import { runService } from '@capstan/shared/process/run-service';
import { buildCapturer } from './build-capturer.ts';
import { capturerSettings } from './config.ts';

await runService('capturer', capturerSettings, buildCapturer);
