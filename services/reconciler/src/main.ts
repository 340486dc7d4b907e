import { runService } from '@capstan/shared/process/run-service';
import { buildReconciler } from './build-reconciler.ts';
import { reconcilerSettings } from './config.ts';

await runService('reconciler', reconcilerSettings, buildReconciler);
