import { openidClient } from './harness/applications.mjs';
import { prove } from './harness/scenario.mjs';

prove(openidClient);
