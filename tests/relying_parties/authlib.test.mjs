import { authlib } from './harness/applications.mjs';
import { prove } from './harness/scenario.mjs';

prove(authlib);
